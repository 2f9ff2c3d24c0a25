"""API tokens, and whose word on CI jobs counts: one's own, and by right everybody's.

Making either asks for a fresh proof first, as the right to it weighs. A token is shown once.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from careful import people, products
from careful.entrypoints.console import sessions
from careful.entrypoints.console.forms import field, fields
from careful.entrypoints.console.pages.common import ledger_size
from careful.entrypoints.look import LookRenderer, templates
from careful.entrypoints.look.sorting import Column, arrange
from careful.kernel.errors import Invalid
from careful.kernel.work import World

PAGE = "/settings/tokens"
_TOKENS: tuple[Column[people.Token], ...] = (
    Column("Name", "name", lambda one: one.name.casefold()),
    Column("May"),
    Column("Made by", "by", lambda one: one.issued_by),
    Column("Until", "until", lambda one: one.expires_at),
    Column("Last used", "used", lambda one: one.used_at, down_first=True),
    Column(""),
)


def routes(world: World) -> list[Route]:
    """Return the page, and where its forms go."""
    page = _Tokens(world, templates(world))
    return [
        Route(PAGE, page.show, methods=["GET"]),
        Route(PAGE, page.issue, methods=["POST"]),
        Route(f"{PAGE}/{{id}}/revoke", page.revoke, methods=["POST"]),
        Route(f"{PAGE}/trusts", page.make_trust, methods=["POST"]),
        Route(f"{PAGE}/trusts/{{id}}/end", page.end_trust, methods=["POST"]),
    ]


class _Tokens:
    def __init__(self, world: World, look: LookRenderer) -> None:
        self._world = world
        self._look = look

    def show(self, request: Request) -> Response:
        """Show tokens and trusts: one's own, or all by right."""
        me, world = sessions.signed(request), self._world
        all_of_them = me.may("tokens", "read")
        if not all_of_them:
            sessions.require(request, "tokens", "issue")
        tokens = people.list_tokens(world, None if all_of_them else me.account.id)
        return self._look.page(
            request,
            "console/tokens.html",
            ledger_size=ledger_size(world),
            tokens=arrange(tokens, _TOKENS, PAGE, {"sort": request.query_params.get("sort", "")[:64]}),
            soon=[one for one in tokens if one.standing(world.clock.now()) == "ends soon"],
            trusts=people.list_trusts(world) if all_of_them else [],
            jobs=[one for one in people.list_tokens(world, jobs=True) if one.trust][:20] if all_of_them else [],
            names={f"staff:{account}": name for account, name in people.names(world).items()},
            mine=f"staff:{me.account.id}",
            scopes=[
                (resource, held)
                for resource, verbs in people.VERBS.items()
                if (held := [verb for verb in verbs if me.may(resource, verb)])
            ],
            job_scopes=sorted(one for one in people.JOB_SCOPES if me.may(*one.split(":", 1))),
            products=[(one.id, one.name) for one in products.list_all(world)],
            audience=world.settings.console_url,
            most_days=people.MAX_DAYS,
            most_minutes=people.MOST_MINUTES,
        )

    def issue(self, request: Request) -> Response:
        """Make an API token and show it this once."""
        actor = sessions.require(request, "tokens", "issue")
        days = _number(request, "days", "30")
        token = people.issue_token(self._world, actor, field(request, "name"), fields(request, "scope"), days)
        return self._look.page(request, "signin/once.html", heading="A new API token", secret=token)

    def revoke(self, request: Request) -> Response:
        """End a token: one's own, or anybody's by right."""
        me, token = sessions.signed(request), request.path_params["id"]
        mine = {one.id for one in people.list_tokens(self._world, me.account.id)}
        if token not in mine or not me.may("tokens", "issue"):
            sessions.require(request, "tokens", "revoke")
        people.revoke_token(self._world, me.actor, token)
        return RedirectResponse(PAGE, 303)

    def make_trust(self, request: Request) -> Response:
        """Trust an issuer's word on CI jobs."""
        actor = sessions.require(request, "tokens", "trust")
        people.make_trust(
            self._world,
            actor,
            field(request, "name"),
            issuer=field(request, "issuer").strip(),
            claims=_claims(field(request, "claims")),
            scopes=fields(request, "scope"),
            product=products.get(self._world, field(request, "product")).id,
            audience=field(request, "audience").strip(),
            minutes=_number(request, "minutes", "15"),
        )
        return RedirectResponse(f"{PAGE}#trusts", 303)

    def end_trust(self, request: Request) -> Response:
        """End a trust."""
        actor = sessions.require(request, "tokens", "trust")
        people.end_trust(self._world, actor, request.path_params["id"])
        return RedirectResponse(f"{PAGE}#trusts", 303)


def _number(request: Request, name: str, otherwise: str) -> int:
    said = field(request, name, otherwise)
    if not said.isascii() or not said.isdecimal():
        raise Invalid(f"{name.capitalize()} are a number.", where=name)
    return int(said[:6])


def _claims(text: str) -> dict[str, str]:
    """Read one claim a line, `name=pattern`. Raises Invalid for a line that is none, or a name given twice."""
    found: dict[str, str] = {}
    for line in filter(None, (each.strip() for each in text.splitlines())):
        name, equals, pattern = (part.strip() for part in line.partition("="))
        if not equals or name in found:
            raise Invalid("A claim is given once, as name=pattern.", do="One to a line.", where="claims")
        found[name] = pattern
    return found
