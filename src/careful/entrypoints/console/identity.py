"""Signing in by an identity provider: off to it, and back. The same way links an identity and proves by it again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import people
from careful.entrypoints.console.access import SETTINGS
from careful.entrypoints.console.forms import field
from careful.entrypoints.console.sessions import PROVE, cookies_for, door_of, need_proof, safe_next, signed, target_of
from careful.entrypoints.look import LookRenderer
from careful.kernel.errors import Unauthenticated
from careful.kernel.work import World

_LONGEST = 4000


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of going to the provider and coming back."""
    doors = _Doors(world, look)
    return [
        Route("/sign-in/identity", doors.sign_in, methods=["POST"]),
        Route(people.IDENTITY_BACK, doors.back, methods=["GET"]),
        Route(f"{PROVE}/identity", doors.prove, methods=["POST"]),
        Route(f"{SETTINGS}/identities", doors.link, methods=["POST"]),
        Route(f"{SETTINGS}/identities/{{id}}/remove", doors.unlink, methods=["POST"]),
    ]


class _Doors:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look
        self._cookies = cookies_for(world)

    def sign_in(self, request: Request) -> Response:
        """Go to the provider to sign in."""
        return self._away(request, "in", safe_next(field(request, "next", "/")))

    def link(self, request: Request) -> Response:
        """Go to the provider to link an identity to one's account."""
        need_proof(request, SETTINGS)
        return self._away(request, "link", SETTINGS, signed(request).session)

    def prove(self, request: Request) -> Response:
        """Go to the provider to show it once more who one is."""
        return self._away(request, "prove", safe_next(field(request, "next", "/")), signed(request).session)

    def unlink(self, request: Request) -> Response:
        """Take an identity from one's account."""
        need_proof(request)
        secret = people.unlink(self._world, signed(request).session, request.path_params["id"])
        return self._renew(RedirectResponse(SETTINGS, 303), secret)

    def back(self, request: Request) -> Response:
        """Take what the browser brings from the provider."""
        if request.headers.get("sec-fetch-site") == "cross-site":
            # Strict cookies stay behind on the way from elsewhere; one step on our own site brings them along.
            return self._look.page(request, "signin/step.html", target=target_of(request))
        if len(request.url.query) > _LONGEST:
            raise Unauthenticated("That answer is too long.", do="Sign in again.")
        session = request.state.session.session if request.state.session else None
        said = dict(request.query_params)
        done = people.finish_identity(self._world, request.state.holder, said, door_of(request, self._cookies), session)
        response = self._renew(RedirectResponse(safe_next(done.target), 303), done.secret)
        if done.entrance is not None:
            self._cookies.put(response, self._cookies.known, done.entrance.known, days=people.KNOWN_BROWSER_DAYS)
            self._cookies.drop(response, self._cookies.visit)
        return response

    def _away(
        self, request: Request, purpose: people.Purpose, target: str, session: people.Session | None = None
    ) -> Response:
        door = door_of(request, self._cookies)
        url = people.begin_identity(self._world, request.state.holder, purpose, door, target, session)
        # A form may lead to ourselves only (form-action), so it leads to a page that leads on.
        return self._look.page(request, "signin/away.html", target=url, session=None)

    def _renew(self, response: Response, secret: str) -> Response:
        self._cookies.put(response, self._cookies.session, secret)
        return response
