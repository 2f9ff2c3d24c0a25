"""`careful vuln judge`: decide one case, or many alike, with a look beforehand at what would be."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import click

from careful import vulnerabilities
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World
from careful.workflows import second_person

_DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")
_DECISION = (
    click.option(
        "--status", required=True, type=click.Choice(vulnerabilities.STATUSES), help="What it means for us (VEX)."
    ),
    click.option(
        "--justification", type=click.Choice(vulnerabilities.JUSTIFICATIONS), help="Why we are not affected (VEX)."
    ),
    click.option("--statement", default="", help="What we found out, in a sentence or two."),
    click.option("--action", default="", help="What owners are to do; needed where affected."),
    click.option(
        "--accept-until",
        type=click.DateTime(_DATES),
        help="Accept the risk until this day (UTC), within a year; --statement says why.",
    ),
)
_WHICH = (
    click.option("--all", "every", is_flag=True, help="Every case that waits for a decision and fits the filters."),
    click.option("--product", help="With --all: only cases of this product."),
    click.option("--component", help="With --all: only flaws that a component of this name carries."),
    click.option("--flaw", "flaws", multiple=True, help="With --all: only this flaw; may be given often."),
    click.option(
        "--severity", "severities", multiple=True, type=click.Choice(vulnerabilities.SEVERITIES), help="With --all."
    ),
    click.option("--exploited/--not-exploited", default=None, help="With --all: only these."),
    click.option("--decided", is_flag=True, help="With --all: cases that are decided already, too."),
    click.option("--dry-run", is_flag=True, help="Say what would be decided; change nothing."),
)


def _with(options: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


@click.command()
@click.argument("case", required=False)
@_with(_DECISION)
@_with(_WHICH)
@json_option
@click.pass_context
def judge(
    ctx: click.Context,
    /,
    *,
    case: str | None,
    every: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 (what the two tables of options above name)
) -> None:
    """Decide what the flaw of CASE means for the product, or with --all what many flaws mean.

    The decision holds for later releases until its ground moves. Waving an exploited flaw through takes two people who
    are signed in on the console; from here it is proposed.
    """
    filters = {name: given.pop(name) for name in ("product", "component", "flaws", "severities", "exploited")}
    decided = given.pop("decided")
    if bool(case) == every:
        raise click.UsageError("Name one CASE, or say --all with filters.")
    if not every and (decided or any(value not in (None, ()) for value in filters.values())):
        raise click.UsageError("Filters go with --all.")
    until: datetime | None = given.pop("accept_until")
    said = vulnerabilities.Decision(**given, until=until and until.replace(tzinfo=UTC))
    world = ctx.obj.world()
    if every:
        _many(world, vulnerabilities.Filter(**filters, decided=decided), said, dry_run=dry_run, as_json=as_json)
    elif dry_run:
        _many(world, [str(case)], said, dry_run=True, as_json=as_json)
    else:
        _one(world, str(case), said, as_json=as_json)


def _one(world: World, case: str, said: vulnerabilities.Decision, *, as_json: bool) -> None:
    one = second_person.judge(world, OPERATOR, case, said)
    if as_json:
        say_json(one)
        return
    what = vulnerabilities.named(said.status, said.until)
    if one.proposal:
        click.echo(f"{one.flaw} in {one.product} is exploited in the wild. Proposed, not decided: {what}.")
        click.echo(f"Two people confirm it: {world.settings.console_url}/vulnerabilities/{case}")
        return
    click.echo(f"{one.flaw} in {one.product} is judged: {what}.")
    if said.status == "affected":
        click.echo(f"Tell owners: careful notice draft {case}")


def _many(
    world: World,
    wanted: vulnerabilities.Filter | list[str],
    said: vulnerabilities.Decision,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    if dry_run:
        found = vulnerabilities.preview(world, wanted, said)
    else:
        found = second_person.accept_risk(world, OPERATOR, wanted, said)
    if as_json:
        say_json({"dry_run": dry_run, "fingerprint": vulnerabilities.fingerprint(found), "cases": found})
        return
    rows = [(one.case, one.flaw, one.product, one.outcome, one.says) for one in found]
    columns = ("Case", "Flaw", "Product", "Outcome", "Change")
    say_table("Decisions", columns, rows, empty="No case that waits for a decision fits.")
    counts = {name: sum(one.outcome == name for one in found) for name in ("decided", "proposed", "refused")}
    told = ", ".join(f"{number:,} {name}" for name, number in counts.items())
    click.echo(f"{told}. Nothing was changed: leave --dry-run out to decide." if dry_run else f"{told}.")
