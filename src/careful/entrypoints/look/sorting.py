"""Tables in the order that their reader asks for; the order is in the page's address, so that it can be shared.

A column that reads best from its largest value (how many devices, how severe) begins there. Rows without a value come
last in both directions: what is not known is neither first nor most.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from careful.entrypoints.look.renderer import query

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column: its title, its word in the address, and what to compare (None: the table cannot be sorted by it)."""

    label: str
    key: str = ""
    value: Callable[[T], Any] | None = None
    num: bool = False
    down_first: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A column's title with the address that sorts by it ("" where it cannot), as `ui.heads` draws it."""

    label: str
    href: str
    num: bool
    sorted: str  # "", "ascending" or "descending"


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """Rows in the order asked for, and the heads above them."""

    rows: tuple[T, ...]
    heads: tuple[Head, ...]


def arrange(
    rows: Sequence[T],
    columns: Sequence[Column[T]],
    path: str,
    asked: Mapping[str, str],
    *,
    name: str = "sort",
) -> Table[T]:
    """Return `rows` sorted by `asked[name]` (a column's key, or "-key" for downwards), or as they are.

    `asked` is the rest of the page's address too: the heads' links keep it. An unknown key leaves the rows as they are.
    """
    by = asked.get(name, "")
    column = next((one for one in columns if one.value and one.key == by.removeprefix("-")), None)
    ordered = list(rows)
    if column is not None and column.value is not None:
        known = [row for row in ordered if column.value(row) is not None]
        known.sort(key=column.value, reverse=by.startswith("-"))
        ordered = known + [row for row in ordered if column.value(row) is None]
    return Table(tuple(ordered), heads(columns, path, asked, name=name))


def heads(columns: Sequence[Column[T]], path: str, asked: Mapping[str, str], *, name: str = "sort") -> tuple[Head, ...]:
    """Return the titles; each leads to its order, and the one in force to its reverse."""
    by = asked.get(name, "")
    return tuple(_head(one, by, path, asked, name) for one in columns)


def _head(column: Column[T], by: str, path: str, asked: Mapping[str, str], name: str) -> Head:
    if not column.key:
        return Head(column.label, "", column.num, "")
    up, down = column.key, f"-{column.key}"
    following = (down if column.down_first else up) if by not in {up, down} else (up if by == down else down)
    state = {up: "ascending", down: "descending"}.get(by, "")
    return Head(column.label, query(path, **{**asked, name: following}), column.num, state)
