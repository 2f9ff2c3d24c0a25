"""Signing in and out, and proving once more that it is you: pages that work with scripts off, passkeys with them on."""

import secrets
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from careful import people
from careful.entrypoints.console.forms import field, json_body
from careful.entrypoints.console.sessions import (
    PROVE,
    SIGN_IN,
    Cookies,
    cookies_for,
    csrf_of,
    door_of,
    safe_next,
    signed,
)
from careful.entrypoints.look import LookRenderer
from careful.kernel.errors import CarefulError, Invalid, TooMany, Unauthenticated
from careful.kernel.work import World
from careful.people import Entrance


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of signing in, out, and proving again."""
    doors = _Doors(world, look)
    return [
        Route(SIGN_IN, doors.show, methods=["GET"]),
        Route(SIGN_IN, doors.by_password, methods=["POST"]),
        Route(f"{SIGN_IN}/passkey/begin", doors.begin_passkey, methods=["POST"]),
        Route(f"{SIGN_IN}/passkey", doors.by_passkey, methods=["POST"]),
        Route("/signout", doors.sign_out, methods=["POST"]),
        Route(PROVE, doors.show_prove, methods=["GET"]),
        Route(PROVE, doors.prove_by_password, methods=["POST"]),
        Route(f"{PROVE}/passkey/begin", doors.begin_proof, methods=["POST"]),
        Route(f"{PROVE}/passkey", doors.prove_by_passkey, methods=["POST"]),
    ]


def visit(world: World, cookies: Cookies, request: Request) -> tuple[str, str]:
    """Return the visit's secret, new if there is none, and the form token that goes with it."""
    secret = request.cookies.get(cookies.visit) or secrets.token_urlsafe(32)
    return secret, csrf_of(world, secret)


class _Doors:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look
        self._cookies = cookies_for(world)
        self._passkeys = people.site_of(world.settings.console_url).offers_passkeys

    def show(self, request: Request) -> Response:
        """Show the way in; whoever is in already goes on."""
        target = safe_next(request.query_params.get("next", "/"))
        if request.state.session is not None:
            return RedirectResponse(target, 303)
        return self._form(request, target)

    def by_password(self, request: Request) -> Response:
        """Sign in with password and code."""
        target = safe_next(field(request, "next", "/"))
        email = field(request, "email")
        try:
            entrance = people.sign_in(
                self._world,
                email=email,
                password=field(request, "password"),
                code=field(request, "code"),
                door=door_of(request, self._cookies),
            )
        except (Unauthenticated, TooMany) as refusal:
            return self._form(request, target, email=email[:254], refusal=refusal)
        return self._enter(RedirectResponse(target, 303), entrance)

    def begin_passkey(self, request: Request) -> Response:
        """Hand out a challenge bound to this browser."""
        door = door_of(request, self._cookies)
        return JSONResponse(people.begin_passkey_sign_in(self._world, request.state.holder, door))

    def by_passkey(self, request: Request) -> Response:
        """Sign in with a passkey's answer."""
        sent = json_body(request)
        door = door_of(request, self._cookies)
        entrance = people.sign_in_by_passkey(self._world, request.state.holder, answer_in(sent), door)
        return self._enter(JSONResponse({"next": safe_next(str(sent.get("next", "/")))}), entrance)

    def sign_out(self, request: Request) -> Response:
        """End the session here and at the server."""
        session = request.state.enrolling or signed(request).session
        people.sign_out(self._world, session)
        response = RedirectResponse(f"{SIGN_IN}?{urlencode({'out': '1'})}", 303)
        self._cookies.drop(response, self._cookies.session)
        return response

    def show_prove(self, request: Request) -> Response:
        """Ask for a factor once more."""
        return self._proof_form(request, safe_next(request.query_params.get("next", "/")))

    def prove_by_password(self, request: Request) -> Response:
        """Take password and code once more."""
        target = safe_next(field(request, "next", "/"))
        try:
            secret = people.prove_by_password(
                self._world,
                signed(request).session,
                password=field(request, "password"),
                code=field(request, "code"),
                door=door_of(request, self._cookies),
            )
        except (Unauthenticated, TooMany) as refusal:
            return self._proof_form(request, target, refusal=refusal)
        return self._renew(RedirectResponse(target, 303), secret)

    def begin_proof(self, request: Request) -> Response:
        """Hand out a challenge for this person's passkeys."""
        session, door = signed(request).session, door_of(request, self._cookies)
        return JSONResponse(people.begin_passkey_sign_in(self._world, request.state.holder, door, session))

    def prove_by_passkey(self, request: Request) -> Response:
        """Take a passkey's answer once more."""
        sent = json_body(request)
        session = signed(request).session
        secret = people.prove_by_passkey(self._world, session, request.state.holder, answer_in(sent))
        return self._renew(JSONResponse({"next": safe_next(str(sent.get("next", "/")))}), secret)

    def _form(self, request: Request, target: str, *, email: str = "", refusal: CarefulError | None = None) -> Response:
        secret, csrf = visit(self._world, self._cookies, request)
        response = self._look.page(
            request,
            "signin/sign_in.html",
            status_code=refusal.status if refusal else 200,
            csrf=csrf,
            target=target,
            email=email,
            refusal=refusal,
            signed_out="out" in request.query_params,
            nobody=not people.anyone(self._world),
            offers_passkeys=self._passkeys,
        )
        self._cookies.put(response, self._cookies.visit, secret)
        return _slow_down(response, refusal)

    def _proof_form(self, request: Request, target: str, *, refusal: CarefulError | None = None) -> Response:
        account = people.account(self._world, signed(request).account.id)
        response = self._look.page(
            request,
            "signin/prove.html",
            status_code=refusal.status if refusal else 200,
            target=target,
            account=account,
            refusal=refusal,
            offers_passkeys=self._passkeys and account.passkeys > 0,
        )
        return _slow_down(response, refusal)

    def _enter(self, response: Response, entrance: Entrance) -> Response:
        self._cookies.put(response, self._cookies.session, entrance.secret)
        self._cookies.put(response, self._cookies.known, entrance.known, days=people.KNOWN_BROWSER_DAYS)
        self._cookies.drop(response, self._cookies.visit)
        return response

    def _renew(self, response: Response, secret: str) -> Response:
        self._cookies.put(response, self._cookies.session, secret)
        return response


def answer_in(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the credential in what our script sent. Raises Invalid."""
    answer = sent.get("answer")
    if not isinstance(answer, dict):
        raise Invalid("There is no passkey answer in that.", where="answer")
    return answer


def _slow_down(response: Response, refusal: CarefulError | None) -> Response:
    if isinstance(refusal, TooMany):
        response.headers["retry-after"] = str(refusal.retry_after)
    return response
