"""`careful rollout stragglers` and `uptake`: who is not up to date and why, and how a fix spread."""

import click

from careful import products, updates
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.errors import Invalid
from careful.kernel.work import World

_SHOWN = 3


@click.command()
@click.argument("product")
@json_option
@click.pass_context
def stragglers(ctx: click.Context, product: str, as_json: bool) -> None:
    """Show how up to date the devices of PRODUCT are, and why some are not."""
    world: World = ctx.obj.world()
    found = updates.currency(world, products.get(world, product).id)
    if as_json:
        say_json(found)
        return
    newest = ", ".join(f"{version} for {hardware}" for hardware, version in sorted(found.newest.items())) or "none"
    click.echo(f"Newest published release: {newest}.")
    counts = ("current", "behind", "ahead", "unknown", "without")
    click.echo(f"{found.total} devices: " + ", ".join(f"{getattr(found, one)} {one}" for one in counts) + ".")
    rows = [(one.count, one.why, ", ".join(one.devices[:_SHOWN]), one.do) for one in found.causes]
    say_table("Behind", ("devices", "because", "such as", "next"), rows, empty="Nobody is behind.")


@click.command()
@click.argument("product", required=False)
@click.argument("version", required=False)
@click.option("--flaw", help="How the mending of this flaw spread, in every product.")
@json_option
@click.pass_context
def uptake(ctx: click.Context, product: str | None, version: str | None, flaw: str | None, as_json: bool) -> None:
    """Show how VERSION of PRODUCT spread, or the mending of a flaw."""
    world: World = ctx.obj.world()
    if flaw and not product:
        found = updates.uptake_of_flaw(world, flaw)
    elif product and version and not flaw:
        found = [updates.uptake(world, product, version)]
    else:
        raise Invalid("Say product and version, or --flaw.", do="careful rollout uptake cam-1 1.0.1")
    if as_json:
        say_json(found)
        return
    for one in found:
        rows = [(point.at, point.fixed, point.offered, point.silent, point.failed) for point in one.points]
        title = f"{one.product} {one.version}, {one.total} devices"
        say_table(title, ("at", "fixed", "offered", "silent", "failed"), rows, empty="Not offered to anybody yet.")
