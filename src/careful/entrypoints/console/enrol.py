"""The first minutes: redeem a one-time link, then set a passkey, or a password with an authenticator app.

The same pages serve a signed-in person who adds or changes a factor; they prove themselves afresh before.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from careful import people, products
from careful.entrypoints.console.forms import field, json_body
from careful.entrypoints.console.sessions import ENROL, cookies_for, door_of, need_proof, signed
from careful.entrypoints.console.signin import visit
from careful.entrypoints.console.step_up import answer_in
from careful.entrypoints.look import LookRenderer
from careful.kernel.errors import CarefulError, Invalid, NotFound, Unavailable
from careful.kernel.work import World


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of links and factors."""
    steps = _Steps(world, look)
    return [
        Route("/first/{secret}", steps.show_link, methods=["GET"]),
        Route("/first/{secret}", steps.redeem, methods=["POST"]),
        Route(ENROL, steps.choose, methods=["GET"]),
        Route(f"{ENROL}/password", steps.show_password, methods=["GET"]),
        Route(f"{ENROL}/password", steps.take_password, methods=["POST"]),
        Route(f"{ENROL}/code", steps.show_code, methods=["GET"]),
        Route(f"{ENROL}/code", steps.take_code, methods=["POST"]),
        Route(f"{ENROL}/passkey/begin", steps.begin_passkey, methods=["POST"]),
        Route(f"{ENROL}/passkey", steps.take_passkey, methods=["POST"]),
    ]


class _Steps:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look
        self._cookies = cookies_for(world)
        self._passkeys = people.site_of(world.settings.console_url).offers_passkeys

    def show_link(self, request: Request) -> Response:
        """Show what the link is for; looking at it does not use it up."""
        link = people.waiting_link(self._world, request.path_params["secret"])
        return self._link_form(request, link)

    def redeem(self, request: Request) -> Response:
        """Use the link up and begin."""
        secret = request.path_params["secret"]
        link = people.waiting_link(self._world, secret)
        name, email = field(request, "name"), field(request, "email")
        try:
            door = door_of(request, self._cookies)
            entrance = people.redeem(self._world, secret, name=name, email=email, door=door)
        except NotFound:
            raise
        except CarefulError as refusal:
            return self._link_form(request, link, name=name[:80], email=email[:254], refusal=refusal)
        response = RedirectResponse(ENROL, 303)
        self._cookies.put(response, self._cookies.session, entrance.secret)
        self._cookies.drop(response, self._cookies.visit)
        return response

    def choose(self, request: Request) -> Response:
        """Offer both ways, the passkey first."""
        need_proof(request)
        return self._page(request, "signin/enrol.html", name=self._session(request).name)

    def show_password(self, request: Request) -> Response:
        """Ask for a password."""
        need_proof(request)
        return self._page(request, "signin/password.html", refusal=None)

    def take_password(self, request: Request) -> Response:
        """Keep the password as a draft, if it is good."""
        need_proof(request, f"{ENROL}/password")
        password = field(request, "password")
        try:
            _same(password, field(request, "again"))
            words = [word for one in products.list_all(self._world) for word in (one.id, one.name)]
            people.choose_password(self._world, self._session(request), password, own_words=tuple(words))
        except (Invalid, Unavailable) as refusal:
            return self._page(request, "signin/password.html", status_code=refusal.status, refusal=refusal)
        return RedirectResponse(f"{ENROL}/code", 303)

    def show_code(self, request: Request) -> Response:
        """Show the authenticator secret and ask for its first code."""
        need_proof(request, f"{ENROL}/password")
        return self._code_form(request)

    def take_code(self, request: Request) -> Response:
        """Make password and TOTP count, and show the recovery codes this once."""
        need_proof(request, f"{ENROL}/password")
        try:
            enrolled = people.confirm_totp(self._world, self._session(request), field(request, "code"))
        except Invalid as refusal:
            return self._code_form(request, refusal)
        return self.show_codes(request, enrolled)

    def begin_passkey(self, request: Request) -> Response:
        """Hand out what the browser needs to make a passkey."""
        return JSONResponse(people.begin_passkey(self._world, self._session(request)))

    def take_passkey(self, request: Request) -> Response:
        """Take the passkey that the browser made."""
        sent = json_body(request)
        session = self._session(request)
        enrolled = people.finish_passkey(self._world, session, answer_in(sent), str(sent.get("label", "")))
        response = JSONResponse({"next": "/" if request.state.enrolling else "/settings"})
        self._cookies.put(response, self._cookies.session, enrolled.secret)
        return response

    def show_codes(self, request: Request, enrolled: people.Enrolled) -> Response:
        """Show recovery codes, the only time they can be seen."""
        response = self._page(request, "signin/codes.html", codes=enrolled.codes)
        self._cookies.put(response, self._cookies.session, enrolled.secret)
        self._cookies.put(response, self._cookies.known, enrolled.known, days=people.KNOWN_BROWSER_DAYS)
        return response

    def _session(self, request: Request) -> people.Session:
        enrolling = request.state.enrolling
        return enrolling if isinstance(enrolling, people.Session) else signed(request).session

    def _code_form(self, request: Request, refusal: CarefulError | None = None) -> Response:
        shown = people.authenticator(self._world, self._session(request))
        status = refusal.status if refusal else 200
        return self._page(request, "signin/code.html", status_code=status, authenticator=shown, refusal=refusal)

    def _link_form(
        self,
        request: Request,
        link: people.Link,
        *,
        name: str = "",
        email: str = "",
        refusal: CarefulError | None = None,
    ) -> Response:
        secret, csrf = visit(self._world, self._cookies, request)
        response = self._look.page(
            request,
            "signin/link.html",
            status_code=refusal.status if refusal else 200,
            csrf=csrf,
            link=link,
            name=name,
            email=email,
            refusal=refusal,
        )
        self._cookies.put(response, self._cookies.visit, secret)
        return response

    def _page(self, request: Request, template: str, status_code: int = 200, **context: object) -> Response:
        """Render without the console's navigation: nothing else is open, or wanted, on these pages."""
        given = {"csrf": request.state.csrf, "session": None, "offers_passkeys": self._passkeys}
        return self._look.page(request, template, status_code, **(given | context))


def _same(password: str, again: str) -> None:
    if password != again:
        raise Invalid("The two passwords differ.", do="Type the same one twice.", where="again")
