"""`careful drill report`: rehearse reporting, through the real clocks, submitting nothing."""

from collections.abc import Sequence

import click

from careful import obligations
from careful.entrypoints.cli.obligation import as_dict, say_matter
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.actors import OPERATOR


@click.command()
@click.argument("kind", type=click.Choice(obligations.KINDS))
@click.option("--product", "named", multiple=True, required=True, help="A product to pretend it of; may be repeated.")
@json_option
@click.pass_context
def report(ctx: click.Context, kind: obligations.Kind, named: Sequence[str], as_json: bool) -> None:
    """Begin a rehearsal of reporting an exploited flaw or an incident; its clocks run from now.

    Draft and note its reports like real ones (`careful obligation draft`, `submitted`); they count as rehearsed only.
    """
    one = obligations.drill(ctx.obj.world(), OPERATOR, kind, named)
    if as_json:
        say_json(as_dict(one))
        return
    say_matter(one)
    click.echo(f"\nGo on: careful obligation draft {one.id} early-warning")
