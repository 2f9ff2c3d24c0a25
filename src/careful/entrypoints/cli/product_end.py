"""`careful product end` and `past-support`: announce that support ends, see how far that is, count who is left."""

import click

from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.workflows import end_of_support


@click.command()
@click.argument("product")
@click.option("--last", help="The last release; it must be published.")
@click.option("--keeps", help="What goes on working without updates, as an owner would read it.")
@click.option("--stops", help="What stops.")
@json_option
@click.pass_context
def end(
    ctx: click.Context, product: str, last: str | None, keeps: str | None, stops: str | None, as_json: bool
) -> None:
    """Announce the end of support of PRODUCT; without options, show how far it has come."""
    world: World = ctx.obj.world()
    if last and keeps and stops:
        end_of_support.announce(world, OPERATOR, product, last, keeps, stops)
    elif last or keeps or stops:
        raise Invalid("--last, --keeps and --stops belong together.", do="Say all three, or none to see how it stands.")
    steps = end_of_support.progress(world, product)
    if as_json:
        say_json([{"step": title, "state": one.state, "says": one.says, "at": one.at} for title, one in steps])
        return
    rows = [(title, one.state, one.says, one.at) for title, one in steps]
    say_table(f"End of support of {product}", ("step", "state", "says", "at"), rows, empty="")


@click.command("past-support")
@json_option
@click.pass_context
def past_support(ctx: click.Context, as_json: bool) -> None:
    """Count the devices whose support has ended, and those that still come online."""
    found = end_of_support.past_support(ctx.obj.world())
    if as_json:
        say_json(found)
        return
    say_table(
        "Past support",
        ("product", "ended", "devices", "online", "on the last release", "announced"),
        [(one.product, one.until, one.devices, one.online, one.on_last, one.announced) for one in found],
        empty="No product is past its support.",
    )
