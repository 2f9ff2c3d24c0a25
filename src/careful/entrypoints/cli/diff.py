"""`careful diff`: which flaws came and went between two releases, and why."""

import click

from careful import releases, vulnerabilities
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.errors import NotFound
from careful.kernel.work import World


@click.command()
@click.argument("before", metavar="PRODUCT@VERSION")
@click.argument("after", metavar="PRODUCT@VERSION")
@click.option("--all", "everything", is_flag=True, help="Show also the flaws that stayed.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, before: str, after: str, everything: bool, as_json: bool) -> None:
    """Say which flaws came and went from one release to another, and why.

    A flaw of whose component nobody can tell any more is not gone: it is listed as not known.
    """
    world = ctx.obj.world()
    old, new = (_release(world, one) for one in (before, after))
    found = vulnerabilities.compare(vulnerabilities.held(world, old.id), vulnerabilities.held(world, new.id))
    if as_json:
        say_json({"before": f"{old.product}@{old.version}", "after": f"{new.product}@{new.version}", "changes": found})
        return
    rows = [
        (one.kind, one.flaw, one.name, one.before, one.after, one.why)
        for one in found
        if everything or one.kind != "stayed"
    ]
    columns = ("What", "Flaw", "Component", "Before", "After", "Why")
    say_table(f"{before} to {after}", columns, rows, empty="No flaw came or went.")
    counts = {kind: sum(one.kind == kind for one in found) for kind in ("came", "went", "stayed", "not known")}
    click.echo(", ".join(f"{number} {kind}" for kind, number in counts.items()) + ".")


def _release(world: World, named: str) -> releases.Release:
    """Find a release by PRODUCT@VERSION or by its id. Raises NotFound."""
    product, at, version = named.partition("@")
    try:
        return releases.get(world, product, version) if at else releases.by_id(world, named)
    except NotFound as missing:
        raise NotFound(
            f"There is no release {named}.", do="Name it PRODUCT@VERSION; see: careful release list"
        ) from missing
