"""Signing in and out: pages that work with scripts off, passkeys with them on."""

import secrets
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from careful import people
from careful.entrypoints.console.forms import field, json_body
from careful.entrypoints.console.sessions import (
    SIGN_IN,
    Cookies,
    cookies_for,
    csrf_of,
    door_of,
    safe_next,
    signed,
)
from careful.entrypoints.console.step_up import answer_in
from careful.entrypoints.look import LookRenderer
from careful.kernel.errors import CarefulError, TooMany, Unauthenticated
from careful.kernel.work import World
from careful.people import Entrance


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of signing in and out."""
    doors = _Doors(world, look)
    return [
        Route(SIGN_IN, doors.show, methods=["GET"]),
        Route(SIGN_IN, doors.by_password, methods=["POST"]),
        Route(f"{SIGN_IN}/passkey/begin", doors.begin_passkey, methods=["POST"]),
        Route(f"{SIGN_IN}/passkey", doors.by_passkey, methods=["POST"]),
        Route("/signout", doors.sign_out, methods=["POST"]),
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
            provider=urlsplit(self._world.settings.oidc_issuer).hostname or "",
        )
        self._cookies.put(response, self._cookies.visit, secret)
        return _slow_down(response, refusal)

    def _enter(self, response: Response, entrance: Entrance) -> Response:
        self._cookies.put(response, self._cookies.session, entrance.secret)
        self._cookies.put(response, self._cookies.known, entrance.known, days=people.KNOWN_BROWSER_DAYS)
        self._cookies.drop(response, self._cookies.visit)
        return response


def _slow_down(response: Response, refusal: CarefulError | None) -> Response:
    if isinstance(refusal, TooMany):
        response.headers["retry-after"] = str(refusal.retry_after)
    return response
