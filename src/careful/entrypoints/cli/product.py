"""`careful product`: declare, approve, publish and sell products, and see what follows from them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from careful import products, releases
from careful.entrypoints.cli import product_end
from careful.entrypoints.cli.check import read_file
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.clock import iso
from careful.kernel.errors import NotFound, Refused

_OLDER_SHOWN = 3


@click.group()
def command() -> None:
    """Declare, approve and put products on sale."""


command.add_command(product_end.end)
command.add_command(product_end.past_support)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
@click.pass_context
def declare(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Hand in a product file. Every version is kept; the newest counts once it is approved."""
    try:
        text = read_file(file)
    except OSError as failure:
        raise NotFound(f"{file} cannot be read ({failure.strerror}).", do="Run: careful init") from failure
    made = products.declare(ctx.obj.world(), OPERATOR, text, name=file.name)
    _say(
        {"product": made.product, "version": made.version, "digest": made.digest},
        f"{made.product}: version {made.version} is declared ({made.digest[:12]}). "
        f"Put it in force with: careful product approve {made.product}",
        as_json=as_json,
    )


@command.command()
@click.argument("product")
@json_option
@click.pass_context
def approve(ctx: click.Context, product: str, as_json: bool) -> None:
    """Put the newest version in force."""
    world = ctx.obj.world()
    products.approve(world, OPERATOR, product)
    found = products.get(world, product)
    derived = products.derive(found.declaration, world.clock.now().date())
    apply = [one.law.title for one in derived.laws_that(products.Answer.YES)]
    unknown = [one.says for one in derived.laws_that(products.Answer.UNKNOWN)]
    older = [one.version for one in releases.list_for(world, product) if releases.keeps_to_older(one, found.version)]
    words = [
        f"{product}: version {found.version} is in force. {len(apply)} laws apply, {len(derived.streams)} streams."
    ]
    _say(
        {"product": product, "version": found.version, "laws_apply": apply, "laws_unknown": unknown},
        "\n  ".join(words + unknown + ([_older(product, older, found.version)] if older else [])),
        as_json=as_json,
    )


def _older(product: str, versions: list[str], declaration: int) -> str:
    which = "one release keeps" if len(versions) == 1 else f"{len(versions)} releases keep"
    return (
        f"{which[0].upper()}{which[1:]} to an older version ({', '.join(versions[-_OLDER_SHOWN:])}). If their devices "
        f"should send what is new: careful release pin {product} VERSION {declaration} --reason …"
    )


@command.command()
@click.argument("product")
@json_option
@click.pass_context
def publish(ctx: click.Context, product: str, as_json: bool) -> None:
    """Publish what a buyer must know: support end, how updates come, which data."""
    world = ctx.obj.world()
    products.publish_page(world, OPERATOR, product)
    until = products.get(world, product).published_until
    said = until.isoformat() if until else ""
    _say({"product": product, "support_until": said}, f"{product}: support until {said} is published.", as_json=as_json)


@command.command("on-sale")
@click.argument("product")
@json_option
@click.pass_context
def on_sale(ctx: click.Context, product: str, as_json: bool) -> None:
    """Put a product on sale. Needs approval and a published support end."""
    products.put_on_sale(ctx.obj.world(), OPERATOR, product)
    _say({"product": product, "stage": "on sale"}, f"{product} is on sale.", as_json=as_json)


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the products."""
    found = products.list_all(ctx.obj.world())
    if as_json:
        say_json([_as_dict(one) for one in found])
        return
    rows = [(one.id, one.name, one.stage, one.version, one.pending, one.published_until) for one in found]
    say_table(
        "Products",
        ("Id", "Name", "Stage", "Version", "Waits for approval", "Support until"),
        rows,
        empty="No product is declared yet. Run: careful init, then: careful product declare product.yaml",
    )


@command.command()
@click.argument("product")
@click.option("--derived", is_flag=True, help="Show what follows: laws and why, streams, retention, tests.")
@json_option
@click.pass_context
def show(ctx: click.Context, product: str, derived: bool, as_json: bool) -> None:
    """Show one product, and what follows from its declaration."""
    world = ctx.obj.world()
    found = products.get(world, product)
    follows = products.derive(found.declaration, world.clock.now().date())
    if as_json:
        more = {"derived": follows.as_dict()} if derived else {}
        say_json(_as_dict(found) | more)
        return
    waits = f" (version {found.pending} waits for approval)" if found.pending else ""
    until = found.declaration.support.until if found.declaration.support else None
    click.echo(f"{found.name} ({found.id}), model {', '.join(found.models) or 'not named'}")
    click.echo(f"  {found.stage}, version {found.version}{waits}, declared {found.declared_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"  support until {until or 'unknown'}, updates {follows.update_method or 'unknown'}")
    if derived:
        _show_derived(follows)


@command.command()
@click.argument("product")
@click.option("--url", required=True, help="Where it will be served; the file must name its own address.")
@json_option
@click.pass_context
def mud(ctx: click.Context, product: str, url: str, as_json: bool) -> None:  # noqa: ARG001 (a MUD file is JSON anyway)
    """Print the network profile (MUD file, RFC 8520) that follows from the ecosystem."""
    world = ctx.obj.world()
    declaration = products.get(world, product).declaration
    made = products.mud(declaration, world.clock.now().date(), url)
    if made is None:
        raise Refused(
            f"No network profile follows from {product}: no edge of `device` leads to known hosts.",
            do="Give `ecosystem` an element `device` with edges, and the other ends `hosts`.",
            where="ecosystem",
        )
    say_json(made)


@command.command()
def schema() -> None:
    """Print the JSON Schema of product.yaml, for editors that complete it."""
    click.echo(products.json_schema(), nl=False)


def _show_derived(follows: products.Derived) -> None:
    _title("Laws")
    for law in follows.laws:
        _show_law(law)
    click.echo(f"  {follows.caution}")
    _list("Streams that devices may send", (f"{name}: {_fields(fields)}" for name, fields in follows.streams.items()))
    _list("Events", (f"{name}: {_fields(fields)}" for name, fields in sorted(follows.permit.events.items())))
    kept = [f"{job.data}: deleted after {job.days} days" for job in follows.retention]
    _list("Retention", kept + [f"{one}: unknown" for one in follows.unbounded])
    _list("Tests before launch", (f"{one.id}: {one.says} [{one.recommendation}]" for one in follows.tests))
    network = [f"{'from' if one.to_device else 'to'} {one.host}, {one.protocol} {one.port}" for one in follows.ways]
    network += [f"left out: {why}" for why in follows.ways_left_out]
    _list("Network", network or ["unknown: no edge of `device` has hosts"])


def _show_law(law: products.LawAnswer) -> None:
    click.echo(f"  {law.says}  ({law.law.citation})")
    if law.answer is products.Answer.YES and law.in_force:
        for clock in law.law.clocks:
            click.echo(f"      {clock.due} from: {clock.starts}, until: {clock.stops}")
    elif law.answer is products.Answer.UNKNOWN:
        for step in law.trace:
            click.echo(f"      {step}")


def _fields(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no field"


def _list(title: str, lines: Iterable[str]) -> None:
    _title(title)
    for line in lines:
        click.echo(f"  {line}")


def _title(text: str) -> None:
    click.echo("\n" + click.style(text, bold=True))


def _as_dict(found: products.Product) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "models": list(found.models),
        "stage": found.stage,
        "version": found.version,
        "pending": found.pending,
        "digest": found.digest,
        "declared_at": iso(found.declared_at),
        "approved_at": _moment(found.approved_at),
        "page_published_at": _moment(found.page_published_at),
        "published_until": found.published_until.isoformat() if found.published_until else None,
        "on_sale_at": _moment(found.on_sale_at),
    }


def _moment(value: datetime | None) -> str | None:
    return iso(value) if value else None


def _say(data: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        say_json(data)
    else:
        click.echo(text)
