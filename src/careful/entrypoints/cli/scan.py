"""`careful scan`: look an SBOM up in the known flaws; nothing is stored, so it fits any CI."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from careful import releases, vulnerabilities
from careful.entrypoints.cli import scan_report
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.entrypoints.cli.progress import counting
from careful.entrypoints.cli.release import read_sbom_file
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge

_BARS = ("exploited", "critical", "high", "medium", "low", "any")
_MOST_KERNEL_FILE = 16 << 20


@contextmanager
def unreadable() -> Iterator[None]:
    """Make every refusal of what was handed in one of unreadable input, which ends a command with 2 and not 1."""
    try:
        yield
    except (NotFound, Refused, TooLarge) as refusal:
        raise Invalid(refusal.what, do=refusal.do, where=refusal.where) from refusal


def _content(sbom: Path) -> bytes:
    try:
        return read_sbom_file(sbom)
    except OSError as failure:
        raise Invalid(f"{sbom} cannot be read ({failure.strerror}).", do="Check its permissions.") from failure


def _limited(path: Path) -> str | None:
    """Return a text file, None where it is not there or larger than any file of a kernel that is read."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_KERNEL_FILE + 1)
    except OSError:
        return None
    return None if len(content) > _MOST_KERNEL_FILE else content.decode("utf-8", "replace")


def _described(read: releases.Sbom) -> releases.Found | str:
    """Return what an SBOM describes, as a component; empty where it does not say."""
    about = read.subject
    if about is None:
        return ""
    hashes = {"SHA-256": min(about.sha256)} if about.sha256 else {}
    return releases.Found(name=about.name, version=about.version or "", hashes=hashes)


def _reader(root: Path) -> Callable[[str], str | None]:
    """Return a reader of the files below a folder, and of none that a link or `..` leads to outside of it."""
    home = root.resolve()

    def read(name: str) -> str | None:
        path = (home / name).resolve()
        return _limited(path) if path.is_relative_to(home) and path.is_file() else None

    return read


@click.command()
@click.argument("sbom", type=click.Path(path_type=Path))
@click.option(
    "--feed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Look up in this feed file alone, with no installation and no network. Built by: careful feeds sync --from.",
)
@click.option(
    "--vex",
    "documents",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="What a supplier says of flaws (OpenVEX, CSAF, CycloneDX VEX); repeatable.",
)
@click.option(
    "--kernel-files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The kernel's compiled files, one a line; its flaws in other files are set aside.",
)
@click.option(
    "--kernel-config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The kernel's .config; with --kernel-source, flaws in files that it leaves out are set aside.",
)
@click.option(
    "--kernel-source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The kernel's source, whose makefiles say what --kernel-config compiles.",
)
@click.option(
    "--aliases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your own table of names that mean the same product (TOML), beside the shipped one.",
)
@click.option(
    "--fail-on",
    "bar",
    type=click.Choice(_BARS),
    default="any",
    show_default=True,
    help="Exit 1 for flaws that are exploited, or at least this severe, and not for lesser ones.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Exit 1 also when a component could not be looked up, or not in full, or a feed is too old.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "sarif"]),
    default="table",
    show_default=True,
    help="A table for people, JSON for scripts, SARIF 2.1.0 for code scanning.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    sbom: Path,
    feed: Path | None,
    documents: tuple[Path, ...],
    kernel_files: Path | None,
    kernel_config: Path | None,
    kernel_source: Path | None,
    aliases: Path | None,
    bar: str,
    strict: bool,
    style: str,
    as_json: bool,
) -> None:
    """Look an SBOM up in the known flaws, changing nothing.

    Exit 0: looked up, no known flaw at or above the bar. 1: such flaws, or not known (nothing could be looked up; in
    an installation also: no feed covers any of it in full, or a feed is too old). 2: the SBOM or the feed file cannot
    be read: it is missing, malformed, too large, or of a format that is not read.
    """
    if bool(kernel_config) != bool(kernel_source):
        raise click.UsageError("--kernel-config and --kernel-source go together.")
    with counting(f"Reading {sbom.name}"):
        with unreadable():
            content = _content(sbom)
            read = releases.read_sbom(content)
            said = [vulnerabilities.read_statements(path.read_bytes(), [content]) for path in documents]
        if feed:
            looked = vulnerabilities.look_up_in(feed, read.components, aliases)
            fresh = not looked.too_old(datetime.now(UTC), ctx.obj.settings().feed_max_age_hours)
        else:
            world = ctx.obj.world()
            looked = vulnerabilities.look_up(world, read.components, aliases)
            fresh = vulnerabilities.feeds_fresh(world)
    looked = vulnerabilities.with_statements(looked, read.components, said, _described(read))
    if not (kernel_files or kernel_config):
        looked = vulnerabilities.without_unlisted(looked, read.components)
    if kernel_files:
        compiled = vulnerabilities.read_compiled(kernel_files.read_text(encoding="utf-8", errors="replace"))
        looked = vulnerabilities.without_uncompiled(looked, read.components, compiled)
    if kernel_config and kernel_source:
        with counting("Reading the kernel's makefiles"), unreadable():
            config = _limited(kernel_config) or ""
            read_source = _reader(kernel_source)
            looked = vulnerabilities.without_unconfigured(looked, read.components, config, read_source)
    report = scan_report.Report(sbom.name, read, looked, fresh, pinned=feed is not None)
    if as_json or style == "json":
        say_json(report.as_dict())
    elif style == "sarif":
        say_json(scan_report.sarif(report))
    else:
        _say(report)
        click.echo(report.says)
    ctx.exit(1 if report.at_or_above(bar) or not report.known or (strict and report.has_gaps) else 0)


def _say(report: scan_report.Report) -> None:
    columns = ("Flaw", "Severity", "Component", "Fixed in", "Affected", "Evidence")
    rows: list[tuple[Any, ...]] = [
        (
            one["vulnerability"],
            f"{one['severity']}, exploited" if one["exploited"] else one["severity"],
            f"{one['component']} {one['version']}",
            one["fixed_version"],
            "yes" if one["state"] == "affected" else "check by hand",
            one["reason"],
        )
        for one in report.findings
    ]
    if rows:
        say_table("Known flaws", columns, rows, empty="")
    for one in report.settled:
        click.echo(f"settled: {one['vulnerability']} in {one['component']}: {one['reason']}")
    for line in report.looked.lines:
        if line.outcome == "refused":
            click.echo(f"statement refused: {line.flaw or 'no flaw'} at {line.where}: {line.reason}")
    for remark in report.read.report.remarks:
        click.echo(f"remark: {remark.where}: {remark.says}")
    for part in report.components:
        if part["outcome"] not in {"looked up", "merged"}:
            click.echo(f"{part['outcome']}: {part['name']} {part['version']}: {part['reason']}")
