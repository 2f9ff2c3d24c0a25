"""How the command line answers: a table for people, JSON with `--json`; times in UTC."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def plain(value: object) -> Any:  # noqa: ANN401 (JSON is Any)
    """Turn our values into JSON values: dataclasses by field, moments as RFC 3339."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def say_json(value: object) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def say_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table, or the sentence that tells how to fill it."""
    listed = [[cell(value) for value in row] for row in rows]
    if not listed:
        click.echo(empty)
        return
    console = Console()
    if not console.is_terminal:
        click.echo("\t".join(columns))
        for row in listed:
            click.echo("\t".join(row))
        return
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in listed:
        table.add_row(*map(Text, row))  # plain text: what devices sent must not be read as markup
    console.print(table)


def cell(value: object) -> str:
    """Write one value for a person."""
    if value is None:
        return "\u2013"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%SZ}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
