"""`careful trust`: whose word on CI jobs counts, so that no pipeline keeps a secret."""

import click

from careful import people, products
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid

_SCOPES = ("releases:read", "releases:add", "releases:sign")


@click.group(name="trust")
def command() -> None:
    """Let jobs of a CI platform exchange what it says of them for a token of minutes."""


@command.command()
@click.argument("name")
@click.option("--issuer", required=True, help="Such as https://token.actions.githubusercontent.com")
@click.option("--claim", "claims", multiple=True, required=True, metavar="NAME=PATTERN", help="sub=…, and others.")
@click.option("--product", required=True, help="For releases of this product alone.")
@click.option("--scope", "scopes", multiple=True, default=_SCOPES, show_default=True, help="Give several.")
@click.option("--audience", default="", help="What the platform must name; by default the console's address.")
@click.option("--minutes", type=click.IntRange(1, people.MOST_MINUTES), default=15, show_default=True, help="Life.")
@json_option
@click.pass_context
def new(
    ctx: click.Context,
    *,
    name: str,
    issuer: str,
    claims: tuple[str, ...],
    product: str,
    scopes: tuple[str, ...],
    audience: str,
    minutes: int,
    as_json: bool,
) -> None:
    """Trust an issuer's word on jobs whose claims fit."""
    world = ctx.obj.world()
    trust = people.make_trust(
        world,
        OPERATOR,
        name,
        issuer=issuer,
        claims=_patterns(claims),
        scopes=scopes,
        product=products.get(world, product).id,
        audience=audience,
        minutes=minutes,
    )
    if as_json:
        say_json({"trust": trust})
    else:
        click.echo(f"Trust {trust}. In the job, ask for the audience {audience or world.settings.console_url}")


def _patterns(claims: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for claim in claims:
        name, equals, pattern = claim.partition("=")
        if not equals or name in found:
            raise Invalid("A claim is given once, as NAME=PATTERN.", where="--claim")
        found[name] = pattern
    return found


@command.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List trusts, and when a job last used each."""
    trusts = people.list_trusts(ctx.obj.world())
    if as_json:
        say_json(trusts)
        return
    rows = [
        (
            one.id,
            one.name,
            one.issuer,
            [f"{name}={pattern}" for name, pattern in sorted(one.claims.items())],
            one.product,
            one.scopes,
            one.used_at,
            "ended" if one.ended_at else f"{one.minutes} min",
        )
        for one in trusts
    ]
    columns = ("Id", "Name", "Issuer", "Claims", "Product", "Gives", "Last used", "For")
    say_table("Trusts", columns, rows, empty="No trusts. Run: careful trust new --help")


@command.command()
@click.argument("trust")
@json_option
@click.pass_context
def end(ctx: click.Context, *, trust: str, as_json: bool) -> None:
    """End a trust, by its id; the tokens that jobs hold by it end too."""
    people.end_trust(ctx.obj.world(), OPERATOR, trust)
    if as_json:
        say_json({"trust": trust, "state": "ended"})
    else:
        click.echo(f"Trust {trust} has ended.")
