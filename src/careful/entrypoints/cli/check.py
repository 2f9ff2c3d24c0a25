"""`careful check`: look at a product file, for people, editors and CI. Needs no data folder."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from careful import products
from careful.entrypoints.cli.output import json_option, say_json

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for scripts, SARIF 2.1.0 for code scanning.",
)
@json_option
def command(file: Path, style: str, as_json: bool) -> int:
    """Check a product file (`-` reads standard input).

    Exits with 0 when it is in order (notes name what is unknown), 1 when something is to be mended, 2 when it
    cannot be read.
    """
    name = "standard input" if str(file) == "-" else str(file)
    try:
        text = read_file(file)
    except OSError as failure:
        report = products.not_read(name, failure.strerror or str(failure), _way_out(file))
    else:
        report = products.check(text, name, datetime.now(UTC).date())
    if as_json or style == "json":
        say_json(_as_dict(report))
    elif style == "sarif":
        say_json(products.sarif(report))
    else:
        _print(report)
    if not report.readable:
        return 2
    return 0 if report.in_order else 1


def read_file(file: Path) -> bytes:
    """Return the file's bytes, but never more than one beyond what a declaration may have. Raises OSError."""
    if str(file) == "-":
        return sys.stdin.buffer.read(products.MAX_BYTES + 1)
    with file.open("rb") as stream:
        return stream.read(products.MAX_BYTES + 1)


def _way_out(file: Path) -> str:
    if file.is_dir():
        return f"Name the file in it: careful check {file / 'product.yaml'}"
    return f"See: ls -l {file}" if file.exists() else f"Write one: careful init {file}"


def _as_dict(report: products.Report) -> dict[str, Any]:
    return {
        "file": report.name,
        "product": report.declaration.id if report.declaration else None,
        "readable": report.readable,
        "in_order": report.in_order,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "notes": report.count("note"),
        "findings": [one.as_dict() for one in report.findings],
    }


def _print(report: products.Report) -> None:
    for one in report.findings:
        level = click.style(one.rule.level, fg=_COLOURS[one.rule.level], bold=True)
        field = one.problem.where.removeprefix(f"{report.name}: ")
        click.echo(f"{report.name}:{one.problem.line}: {level}: {field}: {one.says} [{one.rule.recommendation}]")
        if report.declaration is None:  # the sentence is the expectation already
            click.echo(f"    {one.problem.do}")
        elif one.rule.level != "note":
            click.echo(f"    expected {one.problem.expected}, found {one.problem.found}. {one.problem.do}")
    errors, warnings, notes = report.count("error"), report.count("warning"), report.count("note")
    unknown = f" {_plural(notes, 'thing')} unknown." if notes else ""
    if report.in_order:
        click.echo(f"{report.name} is in order.{unknown}")
    else:
        click.echo(f"{report.name}: {_plural(errors, 'error')}, {_plural(warnings, 'warning')}.{unknown}")


def _plural(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"
