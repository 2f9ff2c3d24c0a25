"""`careful scan`: look an SBOM up in the known flaws; nothing is stored, so it fits any CI."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from careful import releases, vulnerabilities
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.entrypoints.cli.progress import counting
from careful.entrypoints.cli.release import read_sbom_file
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge


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


@click.command()
@click.argument("sbom", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit 1 also when a component could not be looked up, or not in full.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, sbom: Path, strict: bool, as_json: bool) -> None:
    """Look an SBOM up in the known flaws, changing nothing.

    Exit 0: looked up, no known flaw. 1: flaws, or not known (nothing could be looked up, or the feeds are too old).
    2: the SBOM cannot be read: it is missing, malformed, too large, or of a format that is not read.
    """
    world = ctx.obj.world()
    with counting(f"Reading {sbom.name}"):
        with unreadable():
            read = releases.read_sbom(_content(sbom))
        found, exploited, generation = vulnerabilities.look_up(world, read.components)
    fresh = vulnerabilities.feeds_fresh(world)
    looked_up = len(read.components) - len(found.unmatched)
    ranked = sorted(found.matches, key=lambda one: _rank(one, exploited))
    says = _verdict(found, looked_up, fresh=fresh, generation=generation)
    if as_json:
        say_json(
            {
                "says": says,
                "feeds_fresh": fresh,
                "components": len(read.components),
                "looked_up": looked_up,
                "flaws": [_flaw(one, read, exploited) for one in ranked],
                "settled": [_flaw(one, read, exploited) for one in found.settled],
                "not_looked_up": [
                    {"name": read.components[at].name, "version": read.components[at].version, "reason": reason}
                    for at, reason in found.unmatched.items()
                ],
                "looked_up_in_part": [
                    {"name": read.components[at].name, "version": read.components[at].version, "reason": reason}
                    for at, reason in found.partly.items()
                ],
            }
        )
    else:
        _say(read, found, ranked, exploited)
        click.echo(says)
    known = fresh and looked_up > len(found.partly)
    gaps = bool(found.unmatched or found.partly)
    ctx.exit(1 if found.matches or not known or (strict and gaps) else 0)


def _verdict(found: vulnerabilities.Matched, looked_up: int, *, fresh: bool, generation: int) -> str:
    if not generation:
        return "Not known: there is no feed of known flaws here. Run: careful feeds sync"
    if not looked_up:
        return "Not known: no component could be looked up."
    sure = sum(1 for one in found.matches if one.certainty == "affected")
    maybe = len(found.matches) - sure
    left = f"{len(found.unmatched)} could not be looked up."
    if found.partly:
        left = f"{len(found.partly)} of them in single records only; {left}"
    if found.matches:
        return f"{sure} known flaws, {maybe} that a person must check, in {looked_up} components; {left}"
    if looked_up == len(found.partly):
        return f"Not known: no feed covers any component's ecosystem in full; {left} Run: careful feeds sync"
    if not fresh:
        return f"Not known: no flaw in {looked_up} components, but a feed is too old. Run: careful feeds sync"
    return f"No known flaw in {looked_up} components; {left}"


def _say(
    read: releases.Sbom,
    found: vulnerabilities.Matched,
    ranked: list[vulnerabilities.Match],
    exploited: frozenset[str],
) -> None:
    rows = [
        (
            one.flaw,
            f"{one.severity}, exploited" if one.flaw in exploited else one.severity,
            f"{read.components[one.component].name} {read.components[one.component].version}",
            one.fixed_version or None,
            "yes" if one.certainty == "affected" else "check by hand",
            one.evidence,
        )
        for one in ranked
    ]
    if rows:
        columns = ("Flaw", "Severity", "Component", "Fixed in", "Affected", "Evidence")
        say_table("Known flaws", columns, rows, empty="")
    for one in found.settled:
        click.echo(f"settled by the SBOM itself: {one.flaw} in {read.components[one.component].name}: {one.evidence}")
    for at, reason in found.unmatched.items():
        click.echo(f"not looked up: {read.components[at].name} {read.components[at].version}: {reason}")
    for at, reason in found.partly.items():
        click.echo(f"looked up in part: {read.components[at].name} {read.components[at].version}: {reason}")


def _rank(one: vulnerabilities.Match, exploited: frozenset[str]) -> tuple[bool, bool, int, str]:
    severity = vulnerabilities.SEVERITIES.index(one.severity)
    return one.flaw not in exploited, one.certainty != "affected", severity, one.flaw


def _flaw(one: vulnerabilities.Match, read: releases.Sbom, exploited: frozenset[str]) -> dict[str, Any]:
    part = read.components[one.component]
    return {
        "flaw": one.flaw,
        "component": part.name,
        "version": part.version,
        "identifier": part.purl or part.cpe,
        "severity": one.severity,
        "exploited": one.flaw in exploited,
        "certainty": one.certainty,
        "fixed_version": one.fixed_version or None,
        "rule": one.rule,
        "evidence": one.evidence,
        "summary": one.summary,
    }
