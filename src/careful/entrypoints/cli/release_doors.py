"""Two ways to the same acts: on the server itself, as its operator; or from a pipeline over the API, with a token.

A pipeline names the server (`--server`, CAREFUL_SERVER) and holds a token (CAREFUL_TOKEN, never an argument: arguments
are seen by others). What may fail on the way is tried again; an upload goes on where it broke off.
"""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from careful import releases, updates
from careful.entrypoints.cli import job_identity
from careful.entrypoints.cli.output import plain
from careful.entrypoints.cli.release import read_sbom_file
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NeedsSecond, NotFound, Refused, Unavailable
from careful.kernel.settings import LOOPBACK
from careful.kernel.work import World
from careful.workflows import second_person

if TYPE_CHECKING:
    import httpx

TOKEN = "CAREFUL_TOKEN"  # noqa: S105 (the variable's name)
SERVER = "CAREFUL_SERVER"
_BLOCK = 4 << 20
_TRIES = 6
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_MOST_SAID = 500


class Door(Protocol):
    """What a pipeline does, wherever the server is. Releases and rollouts are plain values, as the API gives them."""

    def find(self, product: str, version: str) -> dict[str, Any] | None:
        """Return a release, or None."""

    def add(self, words: Mapping[str, Any], image: Path, sbom: Path) -> dict[str, Any]:
        """Add a release and return what adding gave."""

    def add_part(self, release: str, words: Mapping[str, str], file: Path) -> dict[str, Any]:
        """Add a further file and return the release."""

    def add_provenance(self, release: str, content: bytes) -> dict[str, Any]:
        """Add an attestation and return how it was judged."""

    def sign(self, release: str) -> None:
        """Sign with the keys of the server."""

    def publish(self, release: str) -> None:
        """Publish."""

    def rollouts(self, product: str) -> list[dict[str, Any]]:
        """Return the product's rollouts."""

    def start(self, product: str, version: str, waves: Sequence[str]) -> str:
        """Start a rollout and return its id."""


class Here:
    """The server's own door."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, product: str, version: str) -> dict[str, Any] | None:
        """Return a release, or None."""
        try:
            found: dict[str, Any] = plain(releases.get(self._world, product, version))
        except NotFound:
            return None
        return found

    def add(self, words: Mapping[str, Any], image: Path, sbom: Path) -> dict[str, Any]:
        """Add a release and return what adding gave."""
        given = {**words, "hardware": tuple(words["hardware"]), "fixes": tuple(words["fixes"])}
        product, version = given.pop("product"), given.pop("version")
        added = releases.add(self._world, OPERATOR, product, version, image=image, sbom=read_sbom_file(sbom), **given)
        return dict(plain(added))

    def add_part(self, release: str, words: Mapping[str, str], file: Path) -> dict[str, Any]:
        """Add a further file and return the release."""
        given = {"name": words["name"], "version": words["version"]}
        return dict(plain(releases.add_part(self._world, OPERATOR, release, words["part"], file, **given)))

    def add_provenance(self, release: str, content: bytes) -> dict[str, Any]:
        """Add an attestation and return how it was judged."""
        return dict(plain(releases.add_provenance(self._world, OPERATOR, release, content)))

    def sign(self, release: str) -> None:
        """Sign with the keys of the server."""
        signed = second_person.sign_release(self._world, OPERATOR, release)
        if signed.missing:
            raise Refused(f"{signed.missing} signatures are missing.", do="See: careful release request --help")

    def publish(self, release: str) -> None:
        """Publish."""
        updates.publish(self._world, OPERATOR, release)

    def rollouts(self, product: str) -> list[dict[str, Any]]:
        """Return the product's rollouts."""
        return list(plain(updates.rollouts(self._world, product)))

    def start(self, product: str, version: str, waves: Sequence[str]) -> str:
        """Start a rollout and return its id."""
        waves = tuple(waves) or updates.WAVES
        reason = f"{version} was built and signed."
        return second_person.launch(self._world, OPERATOR, product, version, waves=waves, reason=reason)


def _done(answer: "httpx.Response") -> "httpx.Response":
    """Return the answer, unless what was asked for waits for a second person."""
    if answer.status_code == NeedsSecond.status:
        said = answer.json()
        raise NeedsSecond(said["what"], do=said["do"], approval=said["approval"])
    return answer


class There:
    """The API's door."""

    def __init__(self, server: str, token: str, pause: Callable[[float], None] = time.sleep) -> None:
        import httpx  # noqa: PLC0415 (only those who go there load it)

        address = urlsplit(server)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise Invalid(
                "The server's address must be https.", do="A token is not sent in the clear.", where="--server"
            )
        if not token:
            raise Invalid("There is no token.", do=f"Set {TOKEN}; make one: careful token new ci --scope releases:add")
        self._client = httpx.Client(
            base_url=f"{server.rstrip('/')}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        self._pause = pause

    def find(self, product: str, version: str) -> dict[str, Any] | None:
        """Return a release, or None."""
        listed = self._ask("GET", "/releases", params={"product": product}).json()
        return next((dict(one) for one in listed if one["version"] == version), None)

    def add(self, words: Mapping[str, Any], image: Path, sbom: Path) -> dict[str, Any]:
        """Add a release and return what adding gave."""
        content = read_sbom_file(sbom)
        upload = self._send(image)
        files = {"sbom": (sbom.name, content)}
        return dict(self._ask("POST", "/releases", data={**words, "upload": upload}, files=files).json())

    def add_part(self, release: str, words: Mapping[str, str], file: Path) -> dict[str, Any]:
        """Add a further file and return the release."""
        data = {**words, "upload": self._send(file)}
        return dict(self._ask("POST", f"/releases/{release}/parts", data=data).json())

    def add_provenance(self, release: str, content: bytes) -> dict[str, Any]:
        """Add an attestation and return how it was judged."""
        return dict(self._ask("PUT", f"/releases/{release}/provenance", content=content).json())

    def sign(self, release: str) -> None:
        """Sign with the keys of the server."""
        _done(self._ask("POST", f"/releases/{release}/sign"))

    def publish(self, release: str) -> None:
        """Publish."""
        self._ask("POST", f"/releases/{release}/publish")

    def rollouts(self, product: str) -> list[dict[str, Any]]:
        """Return the product's rollouts."""
        return list(self._ask("GET", "/rollouts", params={"product": product}).json())

    def start(self, product: str, version: str, waves: Sequence[str]) -> str:
        """Start a rollout and return its id."""
        asked: dict[str, Any] = {"product": product, "version": version, "reason": f"{version} was built and signed."}
        if waves:
            asked["waves"] = list(waves)
        return str(_done(self._ask("POST", "/rollouts", json=asked)).json()["rollout"])

    def _send(self, image: Path) -> str:
        """Upload an image (tus 1.0.0), going on where an earlier try broke off; return the upload's id."""
        if not image.is_file():
            raise NotFound(f"There is no file {image}.", do="Name a file that devices install.")
        with image.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        said = {"filename": image.name, "sha256": sha256}
        encoded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
        headers = {"Upload-Length": str(image.stat().st_size), "Upload-Metadata": encoded, "Tus-Resumable": "1.0.0"}
        begun = self._ask("POST", "/uploads", headers=headers)
        place = "/uploads/" + begun.headers["location"].rpartition("/")[2]
        before, failures = -1, 0
        while True:
            offset = int(self._ask("HEAD", place).headers["upload-offset"])
            if offset >= image.stat().st_size:
                return place.rpartition("/")[2]
            failures = 0 if offset > before else failures + 1  # as long as it gets on, it goes on
            if failures:
                self._pause(2.0**failures)
            before = offset
            try:
                self._append(place, image, offset)
            except Unavailable:
                if failures >= _TRIES:
                    raise

    def _append(self, place: str, image: Path, offset: int) -> None:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        self._once("PATCH", place, headers=headers, content=_from(image, offset))

    def _ask(self, method: str, path: str, **more: Any) -> "httpx.Response":  # noqa: ANN401 (httpx's own words)
        """Ask, and again after a pause where that may help."""
        for tried in range(1, _TRIES + 1):
            try:
                return self._once(method, path, **more)
            except Unavailable:
                if tried == _TRIES:
                    raise
                self._pause(2.0**tried)
        raise Unavailable("The server does not answer.")

    def _once(self, method: str, path: str, **more: Any) -> "httpx.Response":  # noqa: ANN401 (httpx's own words)
        import httpx  # noqa: PLC0415 (see above)

        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as failure:
            raise Unavailable(f"The server cannot be reached: {failure}.", do="Try again later.") from failure
        if answer.status_code in _AGAIN:
            raise Unavailable(
                f"The server answers {answer.status_code}. {_said(answer)}".strip(), do="Try again later."
            )
        if answer.is_error:
            kind = {400: Invalid, 404: NotFound, 422: Invalid}.get(answer.status_code, Refused)
            raise kind(_said(answer) or f"The server answers {answer.status_code}.", do=_do(answer))
        return answer


def _from(image: Path, offset: int) -> Iterator[bytes]:
    with image.open("rb") as stream:
        stream.seek(offset)
        while block := stream.read(_BLOCK):
            yield block


def _body(answer: "httpx.Response") -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(answer: "httpx.Response") -> str:
    return str(_body(answer).get("detail", ""))[:_MOST_SAID]


def _do(answer: "httpx.Response") -> str:
    return str(_body(answer).get("do", ""))[:_MOST_SAID]


def door_to(server: str | None, world: Callable[[], World]) -> Door:
    """Return the way to go: over the API where a server is named, else on this machine."""
    named = server or os.environ.get(SERVER, "")
    if not named:
        return Here(world())
    token = os.environ.get(TOKEN, "")
    if not token and job_identity.is_there():
        token = str(job_identity.exchanged(named)["access_token"])
    return There(named, token)
