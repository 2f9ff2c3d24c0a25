"""Settings: one's own passkeys, password and sessions; for an administrator also people.

Whatever changes who can get in asks for a fresh proof first.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import people
from careful.entrypoints.console.forms import field, fields
from careful.entrypoints.console.sessions import cookies_for, need_proof, require, signed
from careful.entrypoints.look import LookRenderer
from careful.kernel.work import World
from careful.workflows import second_person

SETTINGS = "/settings"


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(said: str) -> str:
    """Return what a browser calls itself, as people call it: Firefox on Linux. It is a hint and no proof."""
    browser = next((name for sign, name in _BROWSERS if sign in said), "")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    return " on ".join(part for part in (browser, system) if part) or said[:40] or "a browser without a name"


def routes(world: World, look: LookRenderer) -> list[Route]:
    """Return the routes of the settings page."""
    page = _Settings(world, look)
    return [
        Route(SETTINGS, page.show, methods=["GET"]),
        Route(f"{SETTINGS}/passkeys/{{id}}/remove", page.remove_passkey, methods=["POST"]),
        Route(f"{SETTINGS}/passkeys/{{id}}/rename", page.rename_passkey, methods=["POST"]),
        Route(f"{SETTINGS}/codes", page.renew_codes, methods=["POST"]),
        Route(f"{SETTINGS}/sessions/others/end", page.end_others, methods=["POST"]),
        Route(f"{SETTINGS}/sessions/{{id}}/end", page.end_session, methods=["POST"]),
        Route(f"{SETTINGS}/people/invite", page.invite, methods=["POST"]),
        Route(f"{SETTINGS}/people/{{id}}/roles", page.change_roles, methods=["POST"]),
        Route(f"{SETTINGS}/people/{{id}}/disable", page.disable, methods=["POST"]),
        Route(f"{SETTINGS}/people/{{id}}/end-sessions", page.end_sessions, methods=["POST"]),
        Route(f"{SETTINGS}/people/{{id}}/recover", page.recover, methods=["POST"]),
    ]


class _Settings:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look
        self._cookies = cookies_for(world)

    def show(self, request: Request) -> Response:
        """Show what the person may see: their own access always, people by right."""
        me = signed(request)
        staff = people.list_accounts(self._world) if me.may("staff", "read") else None
        return self._look.page(
            request,
            "signin/settings.html",
            me=people.account(self._world, me.account.id),
            passkeys=people.passkeys_of(self._world, me.account.id),
            sessions=people.sessions_of(self._world, me.account.id),
            identities=people.identities_of(self._world, me.account.id),
            provider=urlsplit(self._world.settings.oidc_issuer).hostname or "",
            attempts=people.attempts_at(self._world, me.account.id),
            staff=staff,
            roles=tuple(people.ROLES),
            browser=browser_name,
        )

    def remove_passkey(self, request: Request) -> Response:
        """Take one of one's own passkeys away."""
        need_proof(request)
        changed = people.remove_passkey(self._world, signed(request).session, request.path_params["id"])
        response = RedirectResponse(SETTINGS, 303)
        self._cookies.put(response, self._cookies.session, changed.secret)
        return response

    def rename_passkey(self, request: Request) -> Response:
        """Call one of one's own passkeys something else."""
        me = signed(request)
        people.rename_passkey(self._world, me.session, request.path_params["id"], field(request, "label"))
        return RedirectResponse(SETTINGS, 303)

    def renew_codes(self, request: Request) -> Response:
        """Replace one's own recovery codes and show the new ones this once."""
        need_proof(request)
        changed = people.renew_recovery_codes(self._world, signed(request).session)
        response = self._look.page(request, "signin/codes.html", session=None, codes=changed.codes)
        self._cookies.put(response, self._cookies.session, changed.secret)
        return response

    def end_session(self, request: Request) -> Response:
        """End one of one's own sessions."""
        me = signed(request)
        people.end_session(self._world, me.actor, me.account.id, request.path_params["id"])
        return RedirectResponse(SETTINGS, 303)

    def end_others(self, request: Request) -> Response:
        """End all of one's own sessions but this."""
        people.end_other_sessions(self._world, signed(request).session)
        return RedirectResponse(SETTINGS, 303)

    def invite(self, request: Request) -> Response:
        """Make a one-time link for somebody new and show it this once."""
        actor = require(request, "staff", "invite")
        return self._show_once(request, "An invitation", people.invite(self._world, actor, fields(request, "role")))

    def recover(self, request: Request) -> Response:
        """Make a one-time link for somebody who lost their factors."""
        actor = require(request, "staff", "invite")
        person = people.account(self._world, request.path_params["id"])
        link = people.recovery_link(self._world, actor, person.email)
        return self._show_once(request, f"A way back in for {person.name}", link)

    def change_roles(self, request: Request) -> Response:
        """Give somebody other roles."""
        actor = require(request, "staff", "change")
        roles, reason = fields(request, "role"), field(request, "reason", "")
        second_person.change_roles(self._world, actor, request.path_params["id"], roles, reason=reason)
        return RedirectResponse(SETTINGS, 303)

    def disable(self, request: Request) -> Response:
        """Take all of somebody's access away."""
        actor = require(request, "staff", "change")
        people.disable(self._world, actor, request.path_params["id"])
        return RedirectResponse(SETTINGS, 303)

    def end_sessions(self, request: Request) -> Response:
        """End all of somebody's sessions."""
        actor = require(request, "staff", "end-sessions")
        people.end_all_sessions(self._world, actor, request.path_params["id"])
        return RedirectResponse(SETTINGS, 303)

    def _show_once(self, request: Request, title: str, secret: str) -> Response:
        return self._look.page(request, "signin/once.html", heading=title, secret=secret)
