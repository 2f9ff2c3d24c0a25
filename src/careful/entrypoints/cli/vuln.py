"""`careful vuln`: see, judge and close cases of known flaws, and know which devices are exposed."""

from pathlib import Path
from typing import Literal

import click

from careful import obligations, products, releases, vulnerabilities
from careful.entrypoints.cli.output import cell, json_option, say_json, say_table
from careful.entrypoints.cli.vuln_judge import judge
from careful.kernel.actors import OPERATOR
from careful.kernel.work import World
from careful.workflows.who_is_affected import affected

_SHOWN = 50
_WHY_NOT = "a feed is missing or too old, or a release was not compared with them yet. Run: careful feeds list"


@click.group()
def command() -> None:
    """See, judge and close cases of known flaws."""


command.add_command(judge)


@command.command(name="list")
@click.option("--state", type=click.Choice(("open", "closed")), help="Only cases in this state.")
@click.option("--product", help="Only cases of this product.")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, state: Literal["open", "closed"] | None, product: str | None, as_json: bool) -> None:
    """List cases, each with why it presses: by the next report due by law, late ones first, then by due date."""
    world = ctx.obj.world()
    found = obligations.pressing(world, state, product)
    known = vulnerabilities.looked_up(world)
    if found and not known:
        click.echo(f"What became known lately is not known here: {_WHY_NOT}", err=True)
    if as_json:
        say_json(found)
        return
    rows = [
        (
            one.id,
            one.flaw,
            one.product,
            _severity(one),
            one.releases,
            _decision(one),
            one.due,
            one.report and _report(one.report),
            one.why,
        )
        for one in found
    ]
    columns = ("Case", "Flaw", "Product", "Severity", "In", "Status", "Due", "To be reported", "Why")
    say_table("Cases", columns, rows, empty=_no_case(world) if known else f"No case, but that says nothing: {_WHY_NOT}")


def _no_case(world: World) -> str:
    signed = [one.id for one in releases.list_for(world) if one.state == "signed"]
    left = sum(len(vulnerabilities.unmatched(world, one)) for one in signed)
    if left:
        return f"No case. That is not known of {left:,} components that could not be looked up: see their releases."
    return "No case. No feed says otherwise. Run: careful feeds list"


@command.command()
@click.argument("case")
@json_option
@click.pass_context
def show(ctx: click.Context, *, case: str, as_json: bool) -> None:
    """Show CASE: what was found where, by which rule and on what evidence, and what was decided."""
    world = ctx.obj.world()
    one = obligations.standing(world, case)
    found = vulnerabilities.findings(world, flaw=one.flaw, product=one.product)
    if as_json:
        told = {"urgency": obligations.urgency(world, case), "affected": affected(world, case)}
        say_json({"case": one, **told, "findings": found})
        return
    click.echo(f"{one.flaw} in {one.product}: {one.title}")
    facts = {
        "state": one.state,
        "severity": _severity(one),
        "releases": one.releases,
        "due": one.due,
        "to report": one.report and _report(one.report),
        "decided": one.status and f"{_decision(one)} {one.justification or ''}".strip(),
        "by": one.judged_by or None,
        "proposed": one.proposal and _proposal(one.proposal, world.settings.console_url, case),
        "statement": one.statement or None,
        "action": one.action or None,
        "look again": one.review,
        "fixed in": one.fixed_in,
        "closed": one.closed_at,
    }
    for name, value in facts.items():
        click.echo(f"{name:>11}  {cell(value)}")
    if one.state == "open" or one.report:
        click.echo(" ".join(obligations.urgency(world, case)))
    click.echo(" ".join(affected(world, case).says))
    for each in found:
        click.echo(f"  {each.name} {each.version} [{each.certainty}] {each.evidence}")
    if vulnerabilities.waits(one) and not one.proposal:
        click.echo(f"Decide: careful vuln judge {case} --status …")


def _severity(one: obligations.Pressing) -> str:
    return f"{one.severity}, exploited" if one.exploited or one.said else one.severity


def _report(clock: obligations.Clock) -> str:
    return f"{clock.title}, {'was due' if clock.state == 'late' else 'due'} {cell(clock.due)}"


def _decision(one: vulnerabilities.Case) -> str:
    if one.status is None:
        return "to be judged"
    return f"affected, accepted until {one.accepted_until:%Y-%m-%d}" if one.accepted_until else one.status


def _proposal(held: vulnerabilities.Proposal, console: str, case: str) -> str:
    what = f"{vulnerabilities.named(held.status, held.until)}, by {held.by}"
    return f"{what}; people still needed: {vulnerabilities.missing(held)}, at {console}/vulnerabilities/{case}"


@command.command()
@click.argument("case")
@json_option
@click.pass_context
def exposed(ctx: click.Context, *, case: str, as_json: bool) -> None:
    """List the devices that run an affected release now, and who of them is not accounted for.

    Says too how many owners can be told, which release mends it, and how far that is.
    """
    world = ctx.obj.world()
    found = vulnerabilities.exposed(world, case)
    left = vulnerabilities.unaccounted(world, case)
    accounted = vulnerabilities.accounted(world, case)
    whom = affected(world, case)
    if as_json:
        say_json({"exposed": found, "unaccounted": left, "accounted": accounted, "affected": whom})
        return
    click.echo("\n".join(whom.says))
    listed = [(device, version) for version, running in whom.now.items() for device in running]
    rows = [(*one, accounted.get(one[0], "not accounted for")) for one in listed[:_SHOWN]]
    say_table("Exposed", ("Device", "Runs", "Accounted for"), rows, empty="No device runs an affected release.")
    if len(listed) > _SHOWN:
        click.echo(f"and {len(listed) - _SHOWN:,} more; all of them: careful vuln exposed {case} --json")


@command.command()
@click.argument("case")
@click.argument("device")
@click.option("--reason", required=True, help="Why it is not fixed, in a sentence; it stays in the ledger.")
@json_option
@click.pass_context
def account(ctx: click.Context, *, case: str, device: str, reason: str, as_json: bool) -> None:
    """Say why DEVICE, exposed to the flaw of CASE, is not fixed."""
    world = ctx.obj.world()
    vulnerabilities.account_for(world, OPERATOR, case, device, reason)
    left = vulnerabilities.unaccounted(world, case)
    if as_json:
        say_json({"case": case, "device": device, "unaccounted": left})
    else:
        click.echo(f"{device} is accounted for; {len(left)} exposed devices are not.")


@command.command()
@click.argument("case")
@json_option
@click.pass_context
def close(ctx: click.Context, *, case: str, as_json: bool) -> None:
    """Close CASE; refused while an exposed device is neither fixed nor accounted for."""
    one = vulnerabilities.close(ctx.obj.world(), OPERATOR, case)
    if as_json:
        say_json(one)
    else:
        click.echo(f"{one.flaw} in {one.product} is closed.")


@command.command(name="import")
@click.argument("product")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be taken over; change nothing.")
@json_option
@click.pass_context
def import_(ctx: click.Context, *, product: str, file: Path, dry_run: bool, as_json: bool) -> None:
    """Take over what FILE (OpenVEX, CSAF, CycloneDX VEX) says of PRODUCT's cases.

    Every statement is accounted for. No decision is replaced, and no exploited flaw is waved through.
    """
    world = ctx.obj.world()
    products.get(world, product)
    lines = vulnerabilities.import_vex(world, OPERATOR, product, file.read_bytes(), dry_run=dry_run)
    if as_json:
        say_json(lines)
        return
    rows = [(one.outcome, one.flaw, one.status, one.reason, one.where) for one in lines]
    say_table(
        "Statements", ("Outcome", "Flaw", "Status", "Reason", "Where"), rows, empty="It says nothing of any flaw."
    )
    counts = {name: sum(one.outcome == name for one in lines) for name in ("applied", "refused", "unmatched")}
    told = ", ".join(f"{number:,} {name}" for name, number in counts.items())
    click.echo(f"{told}. Nothing was changed." if dry_run else f"{told}.")


@command.command(name="kernel-files")
@click.argument("release")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def kernel_files(ctx: click.Context, *, release: str, file: Path, as_json: bool) -> None:
    """Note what was compiled into the kernel of RELEASE (PRODUCT@VERSION): FILE names it, one file a line.

    Flaws of the kernel in other files are set aside, with that as evidence; exploited ones are for a person.
    """
    world = ctx.obj.world()
    product, at, version = release.partition("@")
    one = releases.get(world, product, version) if at else releases.by_id(world, release)
    number = vulnerabilities.note_kernel_files(world, OPERATOR, one.id, file.read_text("utf-8", errors="replace"))
    if as_json:
        say_json({"release": one.id, "files": number})
    else:
        click.echo(f"{number:,} compiled files noted; {one.product} {one.version} is matched again.")


@command.command()
@click.argument("product")
@click.option(
    "--format",
    "form",
    type=click.Choice(vulnerabilities.EXPORT_FORMS),
    default="openvex",
    show_default=True,
    help="OpenVEX 0.2.0, CycloneDX 1.6 VEX, or a table.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
@json_option
@click.pass_context
def export(
    ctx: click.Context, *, product: str, form: vulnerabilities.ExportForm, output: Path | None, as_json: bool
) -> None:
    """Say for other programs what was decided about every flaw of PRODUCT, release by release."""
    world = ctx.obj.world()
    made = vulnerabilities.export(world, product, form)
    if output is None:
        click.echo(made.text, nl=False)
        return
    output.write_text(made.text, encoding="utf-8")
    told = {"product": product, "statements": made.statements, "written": str(output)}
    if as_json:
        say_json(told)
    else:
        click.echo(f"{made.statements} statements written to {output}.")
