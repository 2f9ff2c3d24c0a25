"""`careful notice`: draft, publish and send advisories."""

from pathlib import Path
from typing import Any

import click

from careful import notices
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR


@click.group()
def command() -> None:
    """Tell owners and the world, in plain words and as CSAF."""


@command.command()
@click.argument("case")
@click.option("--summary", default="", help="What happened, for an owner. Left out: a plain default.")
@click.option("--action", default="", help="The one thing to do. Left out: keep it on, it updates itself.")
@click.option("--title", default="", help="Subject line.")
@json_option
@click.pass_context
def draft(ctx: click.Context, case: str, summary: str, action: str, title: str, as_json: bool) -> None:
    """Write the advisory of CASE, or write it again."""
    parts: Any = ctx.obj
    one = notices.draft(parts.world(), OPERATOR, case, summary=summary, action=action, title=title)
    reading = notices.read(one.summary, one.action, one.product_name)
    if as_json:
        say_json({"advisory": one, "reading": reading})
        return
    click.echo(f"{one.id}  {one.title}\n\n  {one.action}\n  {one.summary}\n\nReads at grade {reading.grade:g}.")
    for problem in reading.problems:
        click.echo(f"  To mend: {problem}")
    click.echo(f"Publish it: careful notice publish {one.id}")


@command.command()
@click.argument("advisory")
@json_option
@click.pass_context
def publish(ctx: click.Context, advisory: str, as_json: bool) -> None:
    """Make ADVISORY public; its owners are then written to by themselves."""
    parts: Any = ctx.obj
    world = parts.world()
    one = notices.publish(world, OPERATOR, advisory)
    if as_json:
        say_json(one)
    else:
        click.echo(f"{one.id} is public: {world.settings.public_url}/advisories/{one.id}")


@command.command()
@click.argument("advisory")
@json_option
@click.pass_context
def tell(ctx: click.Context, advisory: str, as_json: bool) -> None:
    """Write to every exposed device's owner who was not written to yet."""
    parts: Any = ctx.obj
    told, unreachable = notices.tell_owners(parts.world(), OPERATOR, advisory)
    if as_json:
        say_json({"told": told, "unreachable": unreachable})
    else:
        click.echo(f"Owners of {told} devices told; {unreachable} devices have no known owner.")


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List advisories, newest first."""
    parts: Any = ctx.obj
    listed = notices.advisories(parts.world())
    if as_json:
        say_json(listed)
        return
    say_table(
        "Advisories",
        ["id", "flaw", "product", "affected", "fixed in", "published"],
        [(one.id, one.flaw, one.product, one.affected, one.fixed_in, one.published_at) for one in listed],
        empty="No advisory yet. One is drafted from a case: careful notice draft CASE",
    )


@command.command()
@click.argument("advisory")
@click.option("--csaf", is_flag=True, help="Print the published CSAF file.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the CSAF file there.")
@json_option
@click.pass_context
def show(ctx: click.Context, advisory: str, csaf: bool, output: Path | None, as_json: bool) -> None:
    """Show ADVISORY."""
    parts: Any = ctx.obj
    world = parts.world()
    if output:
        output.write_bytes(notices.csaf(world, advisory))
        click.echo(f"Written to {output}.")
    elif csaf:
        click.echo(notices.csaf(world, advisory).decode(), nl=False)
    elif as_json:
        say_json(notices.advisory(world, advisory))
    else:
        one = notices.advisory(world, advisory)
        state = f"public since {one.published_at:%Y-%m-%d %H:%MZ}" if one.published_at else "a draft"
        click.echo(f"{one.id}  {one.title}  ({state})\n\n{notices.letter(one, world.settings.public_url)}")


@command.command()
@click.argument("model")
@click.argument("version")
@json_option
@click.pass_context
def answer(ctx: click.Context, model: str, version: str, as_json: bool) -> None:
    """Say what an owner of MODEL at VERSION is told at /check."""
    parts: Any = ctx.obj
    found = notices.answer_for(parts.world(), model, version)
    if as_json:
        say_json(found)
    else:
        click.echo(f"{found.says}\n{found.do}")
