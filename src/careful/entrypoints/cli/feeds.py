"""`careful feeds`: take in feeds of known flaws, fetch them, see how old they are."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from careful import vulnerabilities
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.entrypoints.cli.progress import counting
from careful.entrypoints.cli.scan import unreadable
from careful.kernel.actors import OPERATOR

_SHOWN = 10
_TABLES = {"kev": "which flaws are exploited", "epss": "how likely flaws are exploited"}
_KINDS = get_args(vulnerabilities.FeedKind)


@click.group()
def command() -> None:
    """Take in feeds of known flaws and see how old they are."""


@command.command(name="import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(_KINDS), help="Left out: seen from the content.")
@click.option(
    "--whole",
    multiple=True,
    metavar="NAME",
    help="PATH is the full export of this ecosystem, such as PyPI, or NVD. Left out: only the packages that its records"
    " name count as looked up.",
)
@json_option
@click.pass_context
def import_(
    ctx: click.Context, *, path: Path, kind: vulnerabilities.FeedKind | None, whole: tuple[str, ...], as_json: bool
) -> None:
    """Take in a file, a folder or an archive of one kind of feed. What cannot be read is named; the rest is taken.

    Read are OSV, NVD 2.0 and its overrides, CVE records, KEV, EPSS, CSAF, OpenVEX, Alpine's secdb, Debian's tracker.

    Exit 0: taken in. 1: the database does not answer. 2: nothing in it could be read as a feed, or it is too large.
    """
    world = ctx.obj.world()
    with unreadable(), counting(f"Reading {path.name}") as tell:
        report = vulnerabilities.import_feed(world, OPERATOR, path, kind, whole=whole, progress=tell)
    if as_json:
        say_json(report)
    else:
        say_report(report)


@command.command()
@click.option("--ecosystem", "ecosystems", multiple=True, help="OSV ecosystem to fetch, such as PyPI; may be repeated.")
@click.option(
    "--only", type=click.Choice(vulnerabilities.FETCHED), multiple=True, help="Fetch only this; may be repeated."
)
@click.option("--mirror", help="Folder or address that holds copies, where this machine has no internet.")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Fetch nothing: take in every feed in this folder, of whatever kind, unpacked or not.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --from: build this feed file instead, for careful scan --feed. It needs no installation.",
)
@json_option
@click.pass_context
def sync(
    ctx: click.Context,
    *,
    ecosystems: tuple[str, ...],
    only: tuple[str, ...],
    mirror: str | None,
    folder: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Fetch what is new: OSV by ecosystem, KEV, EPSS, the CVE list, what NVD changed. Nothing new is a short request.

    What was fetched once, the worker fetches again (CAREFUL_FEED_SYNC_HOURS). With --from, read a folder of feeds: OSV,
    NVD 2.0 and its overrides, CVE records, KEV, EPSS, CSAF, OpenVEX, Alpine's secdb, Debian's tracker.
    """
    if folder:
        _from_folder(ctx, folder, output, as_json=as_json)
        return
    if output:
        raise click.UsageError("--output builds a feed file from a folder: name it with --from.")
    world = ctx.obj.world()
    with counting("Fetching") as tell:
        done = vulnerabilities.sync(
            world,
            OPERATOR,
            ecosystems=ecosystems,
            kinds=only or vulnerabilities.FETCHED,
            mirror=mirror or "",
            progress=tell,
        )
    if as_json:
        say_json(done)
    else:
        for one in done:
            if one.report:
                say_report(one.report)
            else:
                click.echo(f"{one.name}: {one.says}")
    ctx.exit(0 if all(one.ok for one in done) else 1)


def _from_folder(ctx: click.Context, folder: Path, output: Path | None, *, as_json: bool) -> None:
    with unreadable(), counting(f"Reading {folder.name}") as tell:
        if output:
            reports = vulnerabilities.build_feed_file(output, folder, datetime.now(UTC), tell)
        else:
            reports = vulnerabilities.import_folder(ctx.obj.world(), OPERATOR, folder, tell)
    if as_json:
        say_json(reports)
        return
    for one in reports:
        say_report(one)
    if output:
        click.echo(f"Built {output}. Look an SBOM up in it: careful scan --feed {output} SBOM")


@command.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List the feeds with their age. A feed that is too old turns "no known flaws" into "not known"."""
    ages = vulnerabilities.feed_ages(ctx.obj.world())
    if as_json:
        say_json(ages)
        return
    rows = [
        (
            one.feed,
            one.records,
            "not dated" if one.as_of == vulnerabilities.UNDATED else one.as_of,
            one.taken_at,
            "adds to others" if one.adds else "fresh" if one.fresh else "too old",
            _covers(one.feed, one.covers),
            one.source,
            one.licence,
        )
        for one in ages
    ]
    columns = ("Feed", "Records", "As of", "Taken", "Age", "Covers", "Source", "Licence")
    say_table("Feeds of known flaws", columns, rows, empty="No feed yet. Run: careful feeds sync")


def _covers(feed: str, names: tuple[str, ...]) -> str:
    if names:
        return f"all of {', '.join(names)}"
    return _TABLES.get(feed, "only packages that its records name")


def say_report(report: vulnerabilities.FeedReport) -> None:
    """Print what became of an intake."""
    if not report.feed:
        click.echo(f"{report.refused_count:,} files are no feed that is read")
        _say_refused(report)
        return
    undated = report.as_of == vulnerabilities.UNDATED
    dated = "its records state no date" if undated else f"as of {report.as_of:%Y-%m-%d %H:%M}Z"
    click.echo(
        f"{report.feed}: {report.taken:,} taken, {report.unchanged:,} unchanged, {report.withdrawn:,} withdrawn, "
        f"{report.refused_count:,} refused, in {report.seconds:.1f} s; {dated}."
    )
    click.echo(f"  covers {_covers(report.feed, report.covers)}")
    for one in report.remarks:
        click.echo(f"  {one}")
    _say_refused(report)


def _say_refused(report: vulnerabilities.FeedReport) -> None:
    for one in report.refused[:_SHOWN]:
        click.echo(f"  refused {one}")
    if report.refused_count > _SHOWN:
        click.echo(f"  and {report.refused_count - _SHOWN:,} more")
