"""Proving once more that it is you: asked for by what weighs, answered by a passkey, then on with what was begun.

`sessions.require` asks for it by the right; a handler that knows better calls `sessions.need_proof`. Either raises
`ProofNeeded`, which becomes the page here. A form that was sent travels with the page and is sent again afterwards, so
nothing typed is lost and nothing is done before the proof.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from careful import people
from careful.entrypoints.console.forms import FIELD, field, json_body
from careful.entrypoints.console.security import SAFE_METHODS
from careful.entrypoints.console.sessions import (
    PROVE,
    cookies_for,
    csrf_of,
    door_of,
    proof_at,
    safe_next,
    signed,
    target_of,
)
from careful.entrypoints.look import LookRenderer
from careful.kernel.errors import CarefulError, Invalid, Refused, TooMany, Unauthenticated
from careful.kernel.work import World

CARRIED = "again"
_MOST_CARRIED = 200_000
_MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Carried:
    """A form that waits for the proof: where it goes and what it says."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Return it as one hidden field."""
        return json.dumps([self.path, self.fields], ensure_ascii=False)


def carried_from(request: Request) -> Carried | None:
    """Return the form that a request sent; None when there is none, or it holds a file or more than we carry."""
    form = getattr(request.state, "form", None)
    if form is None or request.method in SAFE_METHODS:
        return None
    pairs = [(name, value) for name, value in form.multi_items() if name != FIELD]
    texts = tuple((name, value) for name, value in pairs if isinstance(value, str))
    if len(texts) < len(pairs) or sum(len(name) + len(value) for name, value in texts) > _MOST_CARRIED:
        return None
    return Carried(safe_next(request.url.path), texts)


def read_carried(text: str) -> Carried | None:
    """Return the form that a hidden field holds, None for none. Raises Invalid for what we never wrote."""
    if not text:
        return None
    try:
        path, pairs = json.loads(text)
        fields = tuple((name, value) for name, value in pairs)
        good = isinstance(path, str) and all(isinstance(part, str) for pair in fields for part in pair)
    except (ValueError, TypeError, RecursionError):
        good, path, fields = False, "", ()
    if not good or len(fields) > _MOST_FIELDS or safe_next(path) != path:
        raise Invalid("What you had begun could not be read.", do="Go back to its page and begin again.")
    return Carried(path, fields)


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of proving again."""
    proofs = Proofs(world, look)
    return [
        Route(PROVE, proofs.show, methods=["GET"]),
        Route(PROVE, proofs.by_password, methods=["POST"]),
        Route(f"{PROVE}/passkey/begin", proofs.begin, methods=["POST"]),
        Route(f"{PROVE}/passkey", proofs.by_passkey, methods=["POST"]),
    ]


class Proofs:
    """The page that asks, and what becomes of the answers."""

    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look
        self._cookies = cookies_for(world)
        self._passkeys = people.site_of(world.settings.console_url).offers_passkeys

    def ask(self, request: Request, back: str = "") -> Response:
        """Answer a request that needs a proof first: the page with the form it sent, or the way there."""
        if request.method in SAFE_METHODS:
            return RedirectResponse(proof_at(back or target_of(request)), 303)
        carried = None if back else carried_from(request)
        return self._page(request, back or _page_before(request), carried, status=Unauthenticated.status)

    def show(self, request: Request) -> Response:
        """Ask for a factor once more."""
        return self._page(request, safe_next(request.query_params.get("next", "/")), None)

    def by_password(self, request: Request) -> Response:
        """Take password and code once more."""
        target = safe_next(field(request, "next", "/"))
        sent = request.state.form.get(CARRIED, "")
        carried = read_carried(sent if isinstance(sent, str) else "")
        try:
            secret = people.prove_by_password(
                self._world,
                signed(request).session,
                password=field(request, "password"),
                code=field(request, "code"),
                door=door_of(request, self._cookies),
            )
        except (Unauthenticated, TooMany, Refused) as refusal:
            return self._page(request, target, carried, refusal=refusal)
        if carried is None:
            return self._renew(RedirectResponse(target, 303), secret)
        csrf = csrf_of(self._world, secret)
        return self._renew(self._look.page(request, "signin/again.html", csrf=csrf, carried=carried), secret)

    def begin(self, request: Request) -> Response:
        """Hand out a challenge for this person's passkeys."""
        session, door = signed(request).session, door_of(request, self._cookies)
        return JSONResponse(people.begin_passkey_sign_in(self._world, request.state.holder, door, session))

    def by_passkey(self, request: Request) -> Response:
        """Take a passkey's answer; the script sends the waiting form with the new token, or goes on."""
        sent = json_body(request)
        session = signed(request).session
        secret = people.prove_by_passkey(self._world, session, request.state.holder, answer_in(sent))
        told = {"next": safe_next(str(sent.get("next", "/"))), "csrf": csrf_of(self._world, secret)}
        return self._renew(JSONResponse(told), secret)

    def _page(
        self,
        request: Request,
        target: str,
        carried: Carried | None,
        *,
        refusal: CarefulError | None = None,
        status: int = 200,
    ) -> Response:
        account = people.account(self._world, signed(request).account.id)
        by_passkey = self._passkeys and account.passkeys > 0
        response = self._look.page(
            request,
            "signin/prove.html",
            status_code=refusal.status if refusal else status,
            target=target,
            carried=carried,
            account=account,
            refusal=refusal,
            offers_passkeys=by_passkey,
            provider=self._provider(account, by_passkey=by_passkey),
            offers_password=account.has_password and not by_passkey,
        )
        if isinstance(refusal, TooMany):
            response.headers["retry-after"] = str(refusal.retry_after)
        return response

    def _provider(self, account: people.Account, *, by_passkey: bool) -> str:
        """Return the host of the identity provider that may ask instead: for whoever has nothing to show here."""
        offered = people.is_offered(self._world) and not by_passkey and not account.has_password
        linked = offered and people.identities_of(self._world, account.id)
        return (urlsplit(self._world.settings.oidc_issuer).hostname or "") if linked else ""

    def _renew(self, response: Response, secret: str) -> Response:
        self._cookies.put(response, self._cookies.session, secret)
        return response


def _page_before(request: Request) -> str:
    """Return the page of ours that the form was on; a form that cannot travel is filled in there again."""
    return safe_next(urlsplit(request.headers.get("referer", "")).path or "/")


def answer_in(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the credential in what our script sent. Raises Invalid."""
    answer = sent.get("answer")
    if not isinstance(answer, dict):
        raise Invalid("There is no passkey answer in that.", where="answer")
    return answer
