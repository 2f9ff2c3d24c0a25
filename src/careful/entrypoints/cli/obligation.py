"""`careful obligation`: what must be reported by when, drafts of the reports, and what was submitted."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from careful import obligations
from careful.entrypoints.cli.output import F, cell, json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid

_FORM = "2026-11-23T08:00Z"


@click.group()
def command() -> None:
    """See what must be reported by when (CRA Article 14), draft the reports, note what was submitted."""


def _moment(_: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Invalid("That is no moment.", do=f"Write it like {_FORM}.", where=f"--{parameter.name}") from wrong
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _at(says: str) -> Callable[[F], F]:
    return click.option("--at", callback=_moment, metavar="MOMENT", help=f"{says}, UTC, such as {_FORM}. Default: now.")


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is done or does not apply.")
@click.option("--drills", is_flag=True, help="Rehearsals, in place of real matters.")
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, drills: bool, as_json: bool) -> None:
    """List what is to be reported: late first, then by the next due moment."""
    found = obligations.matters(ctx.obj.world(), drills=drills)
    shown = [one for one in found if everything or one.open]
    if as_json:
        say_json([as_dict(one) for one in shown])
        return
    say_table(
        "To be reported",
        ["id", "matter", "next report", "due", "state"],
        [_row(one) for one in shown],
        empty="Nothing is to be reported. With --all, what is done or does not apply is listed too.",
    )


@command.command()
@click.argument("matter")
@json_option
@click.pass_context
def show(ctx: click.Context, matter: str, as_json: bool) -> None:
    """Show MATTER (a case or an incident): its clocks, and all that was noted."""
    _say(obligations.matter(ctx.obj.world(), matter), as_json)


@command.command()
@click.argument("matter")
@click.option("--how", required=True, help="What made the maker aware of it.")
@_at("Since when the maker knew")
@json_option
@click.pass_context
def aware(ctx: click.Context, matter: str, how: str, at: datetime | None, as_json: bool) -> None:
    """Note since when the maker knows that MATTER (a case or an incident) is exploited or happened.

    What was noted before is kept, and a later moment moves no clock.
    """
    _say(obligations.aware(ctx.obj.world(), OPERATOR, matter, how, at), as_json)


@command.command()
@click.argument("matter")
@click.option("--what", required=True, help="The corrective or mitigating measure.")
@_at("Since when it is available")
@json_option
@click.pass_context
def measure(ctx: click.Context, matter: str, what: str, at: datetime | None, as_json: bool) -> None:
    """Note a measure for MATTER other than a release: the final report's clock starts with the first one."""
    _say(obligations.measure(ctx.obj.world(), OPERATOR, matter, what, at), as_json)


@command.command()
@click.argument("title")
@click.option("--product", "named", multiple=True, required=True, help="A product that it touches; may be repeated.")
@click.option("--what", required=True, help="What happened.")
@click.option("--why-severe", required=True, help="Why it is severe.")
@click.option("--how", required=True, help="What made the maker aware of it.")
@_at("Since when the maker knew")
@json_option
@click.pass_context
def incident(
    ctx: click.Context,
    title: str,
    named: Sequence[str],
    what: str,
    why_severe: str,
    how: str,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Note a severe incident, called TITLE."""
    world = ctx.obj.world()
    made = obligations.incident(world, OPERATOR, title, named=named, what=what, why_severe=why_severe, how=how, at=at)
    _say(made, as_json)


@command.command()
@click.argument("matter")
@click.argument("report")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the text there.")
@json_option
@click.pass_context
def draft(ctx: click.Context, matter: str, report: str, output: Path | None, as_json: bool) -> None:
    """Write REPORT (early-warning, notification, final) of MATTER from what is known, naming every gap."""
    made = obligations.draft(ctx.obj.world(), matter, report)
    if output:
        output.write_text(made.text, encoding="utf-8")
    if as_json:
        say_json(made)
        return
    click.echo(f"Written to {output}." if output else made.text)
    if made.gaps:
        click.echo(f"{len(made.gaps)} gaps: {'; '.join(made.gaps)}.", err=True)
    click.echo(obligations.NOT_SENT, err=True)


@command.command()
@click.argument("matter")
@click.argument("report")
@click.option("--reference", required=True, help="The number that the platform gave.")
@click.option(
    "--text",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The text as it was submitted. Left out: the draft as it is now.",
)
@_at("When it was submitted")
@json_option
@click.pass_context
def submitted(
    ctx: click.Context, matter: str, report: str, reference: str, text: Path | None, at: datetime | None, as_json: bool
) -> None:
    """Note that you submitted REPORT of MATTER at the platform. Careful itself submits nothing."""
    said = _text(text) if text else ""
    world = ctx.obj.world()
    _say(obligations.submitted(world, OPERATOR, matter, report, reference, at=at, text=said), as_json)


@command.command()
@click.argument("matter")
@click.option("--reason", required=True, help="Why there is nothing to report.")
@json_option
@click.pass_context
def dismiss(ctx: click.Context, matter: str, reason: str, as_json: bool) -> None:
    """Note that there is nothing to report about MATTER after all; everything noted stays."""
    _say(obligations.dismiss(ctx.obj.world(), OPERATOR, matter, reason), as_json)


def as_dict(one: obligations.Matter) -> dict[str, Any]:
    """Return a matter as `--json` prints it."""
    return {
        "id": one.id,
        "kind": one.kind,
        "drill": one.drill,
        "title": one.title,
        "products": one.products,
        "case": one.case,
        "applies": one.applies,
        "aware_at": one.aware_at,
        "measure_at": one.measure_at,
        "late": one.late,
        "clocks": one.clocks,
        "entries": one.entries,
    }


def say_matter(one: obligations.Matter) -> None:
    """Print a matter for a person."""
    click.echo(f"{'REHEARSAL  ' if one.drill else ''}{one.id}  {one.title}\n{one.applies.says}\n")
    for clock in one.clocks:
        due = f"due {cell(clock.due)}" if clock.due and clock.state != "done" else ""
        click.echo(
            f"  {clock.state.upper() if clock.state == 'late' else clock.state:<8} {clock.title}  {due}".rstrip()
        )
        click.echo(f"           {clock.why} ({clock.cites})")
    click.echo("")
    for entry in one.entries:
        sent = f", reference {entry.reference}, SHA-256 {entry.sha256}" if entry.sha256 else ""
        said = entry.says or f"{entry.duty}{sent}"
        noted = "" if entry.noted_at == entry.at else f", noted {cell(entry.noted_at)}"
        click.echo(f"  {cell(entry.at)}  {entry.type}: {said} (by {entry.by}{noted})")


def _say(one: obligations.Matter, as_json: bool) -> None:
    if as_json:
        say_json(as_dict(one))
    else:
        say_matter(one)


def _row(one: obligations.Matter) -> tuple[object, ...]:
    clock = one.next
    state = "late" if one.late else "due" if clock else "waiting" if one.open else "over"
    title = f"REHEARSAL: {one.title}" if one.drill else one.title
    return (one.id, title, clock.title if clock else None, clock.due if clock else None, state)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as wrong:
        raise Invalid("That file is no text in UTF-8.", where=str(path)) from wrong
