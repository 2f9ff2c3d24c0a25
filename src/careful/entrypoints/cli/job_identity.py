"""What a CI platform says of the job we run in, and the token that Careful gives for it.

GitHub Actions says it on request (`permissions: id-token: write`), each time anew. Others put it into a variable once
in a job: CAREFUL_ID_TOKEN (GitLab: `id_tokens`). What is got is kept in memory only.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from careful.kernel.errors import Invalid, Refused, Unavailable
from careful.kernel.settings import LOOPBACK

ID_TOKEN = "CAREFUL_ID_TOKEN"  # noqa: S105 (the variable's name)
AUDIENCE = "CAREFUL_AUDIENCE"
_GITHUB_URL, _GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_MOST_SAID = 500


def is_there(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether some platform vouches for us."""
    return bool(environ.get(ID_TOKEN) or environ.get(_GITHUB_URL))


def exchanged(server: str, scopes: Sequence[str] = (), environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return what the server gives for this job's identity. Raises Invalid, Refused, Unavailable."""
    import httpx  # noqa: PLC0415 (only those who go there load it)

    address = urlsplit(server)
    if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
        raise Invalid("The server's address must be https.", do="A token is not sent in the clear.", where="--server")
    with httpx.Client(timeout=30) as client:
        try:
            said = environ.get(ID_TOKEN) or _ask_github(client, server, environ)
            form = {"grant_type": _GRANT, "subject_token": said, "subject_token_type": _JWT}
            if scopes:
                form["scope"] = " ".join(scopes)
            answer = client.post(f"{server.rstrip('/')}/api/v1/token", data=form)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as failure:
            why = str(failure)[:_MOST_SAID]
            raise Unavailable(f"No token could be got: {why}.", do="Try again.") from failure
    if not isinstance(body, dict) or answer.is_error or "access_token" not in body:
        told = body if isinstance(body, dict) else {}
        what = str(told.get("detail", ""))[:_MOST_SAID] or f"The server answers {answer.status_code}."
        raise Refused(what, do=str(told.get("do", ""))[:_MOST_SAID])
    return body


def _ask_github(client: Any, server: str, environ: Mapping[str, str]) -> str:  # noqa: ANN401 (httpx's client)
    import httpx  # noqa: PLC0415 (see above)

    address, token = environ.get(_GITHUB_URL, ""), environ.get(_GITHUB_TOKEN, "")
    if not address or not token:
        raise Invalid(
            "Nobody says which job this is.",
            do=f"On GitHub set permissions: id-token: write; elsewhere put the ID token into {ID_TOKEN}.",
        )
    asked = {"audience": environ.get(AUDIENCE) or server.rstrip("/")}
    there = httpx.URL(address).copy_merge_params(asked)  # its own query stays
    answer = client.get(there, headers={"Authorization": f"Bearer {token}"})
    answer.raise_for_status()
    return str(answer.json()["value"])
