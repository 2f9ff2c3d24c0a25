"""`careful vuln`: see, judge and close cases of known flaws, and know which devices are exposed."""

from pathlib import Path

import click

from careful import products, releases, vulnerabilities
from careful.entrypoints.cli.output import cell, json_option, say_json, say_table
from careful.entrypoints.cli.vuln_judge import judge
from careful.kernel.actors import OPERATOR

_SHOWN = 50


@click.group()
def command() -> None:
    """See, judge and close cases of known flaws."""


command.add_command(judge)


@command.command(name="list")
@click.option("--state", type=click.Choice(("open", "closed")), help="Only cases in this state.")
@click.option("--product", help="Only cases of this product.")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, state: str | None, product: str | None, as_json: bool) -> None:
    """List cases: exploited in the wild first, then by due date."""
    world = ctx.obj.world()
    found = vulnerabilities.cases(world, state, product)
    if as_json:
        say_json(found)
        return
    rows = [
        (
            one.id,
            one.flaw,
            one.product,
            f"{one.severity}, exploited" if one.exploited else one.severity,
            one.releases,
            _decision(one),
            one.fixed_in,
            one.due,
        )
        for one in found
    ]
    columns = ("Case", "Flaw", "Product", "Severity", "In", "Status", "Fixed in", "Due")
    fresh = vulnerabilities.feeds_fresh(world)
    empty = "No case. No feed says otherwise." if fresh else "No case is known, but a feed is missing or too old."
    say_table("Cases", columns, rows, empty=f"{empty} Run: careful feeds list")


@command.command()
@click.argument("case")
@json_option
@click.pass_context
def show(ctx: click.Context, *, case: str, as_json: bool) -> None:
    """Show CASE: what was found where, by which rule and on what evidence, and what was decided."""
    world = ctx.obj.world()
    one = vulnerabilities.case(world, case)
    found = vulnerabilities.findings(world, flaw=one.flaw, product=one.product)
    if as_json:
        say_json({"case": one, "urgency": vulnerabilities.urgency(world, case), "findings": found})
        return
    click.echo(f"{one.flaw} in {one.product}: {one.title}")
    facts = {
        "state": one.state,
        "severity": f"{one.severity}, exploited in the wild" if one.exploited else one.severity,
        "releases": one.releases,
        "due": one.due,
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
    click.echo(" ".join(vulnerabilities.urgency(world, case)))
    for each in found:
        click.echo(f"  {each.name} {each.version} [{each.certainty}] {each.evidence}")
    if vulnerabilities.waits(one) and not one.proposal:
        click.echo(f"Decide: careful vuln judge {case} --status …")


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
    """List the devices that run an affected release now, and who of them is not accounted for."""
    world = ctx.obj.world()
    found = vulnerabilities.exposed(world, case)
    left = vulnerabilities.unaccounted(world, case)
    accounted = vulnerabilities.accounted(world, case)
    if as_json:
        say_json({"exposed": found, "unaccounted": left, "accounted": accounted})
        return
    for version, number in found.by_version.items():
        click.echo(f"{version}: {number:,} devices")
    rows = [(device, accounted.get(device, "not accounted for")) for device in found.devices[:_SHOWN]]
    say_table("Exposed", ("Device", "Accounted for"), rows, empty="No device runs an affected release.")
    if len(found.devices) > _SHOWN:
        click.echo(f"and {len(found.devices) - _SHOWN:,} more; all of them: careful vuln exposed {case} --json")


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
    """Take over what FILE (OpenVEX, CSAF, CycloneDX VEX) says of PRODUCT's open cases.

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
