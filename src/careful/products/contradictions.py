"""What in a data item contradicts itself, so that no message could be judged by it: such a file is no declaration.

Pure: where it stands, what was expected there, what was found, and what to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from careful.products.flows import DataItem, FieldDetail
from careful.products.reading import Path
from careful.products.vocabulary import FieldType

_TIMES: frozenset[FieldType | None] = frozenset({None, "integer", "number", "text"})
_NUMERIC: frozenset[FieldType | None] = frozenset({None, "integer", "number"})
_LONG: frozenset[FieldType | None] = frozenset({None, "text", "list"})
_MEASURED: frozenset[FieldType | None] = frozenset({None, "integer", "number", "list"})


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One place that cannot be meant."""

    path: Path
    expected: str
    found: str
    do: str


def contradictions(item: DataItem, path: Path) -> Iterator[Contradiction]:
    """Yield what contradicts itself in one data item, which stands at `path`."""
    types = item.types or {}
    for name, detail in (item.details or {}).items():
        place: Path = (*path, "details", name)
        if name not in (item.fields or ()):
            yield Contradiction(place, "a field listed in `fields`", name, "Add it there, or remove it here.")
            continue
        yield from _range(detail, types.get(name), place)
        yield from _fits(detail, types.get(name), place)
    yield from _rate(item, path)
    yield from _time(item, path)


def _range(detail: FieldDetail, kind: FieldType | None, path: Path) -> Iterator[Contradiction]:
    low, high = detail.min, detail.max
    if low is not None and high is not None and low > high:
        yield Contradiction(
            (*path, "max"), f"at least {low}, which is `min`", str(high), "Exchange them, or mend one of them."
        )
    if kind == "integer":
        for name, limit in (("min", low), ("max", high)):
            if limit is not None and limit != int(limit):
                yield Contradiction(
                    (*path, name),
                    "a whole number",
                    str(limit),
                    "The field is an `integer`; make it a `number`, or mend it.",
                )
    if detail.max_length is not None and (low is not None or high is not None):
        yield Contradiction(
            (*path, "max_length"),
            "either a range or a length",
            "both",
            "Numbers have `min` and `max`, texts and lists have `max_length`.",
        )


def _fits(detail: FieldDetail, kind: FieldType | None, path: Path) -> Iterator[Contradiction]:
    """Ask whether what is said of the field makes sense for its type."""
    said: tuple[tuple[str, object, frozenset[FieldType | None], str], ...] = (
        ("min", detail.min, _NUMERIC, "Only numbers have a least value."),
        ("max", detail.max, _NUMERIC, "Only numbers have a greatest value."),
        ("max_length", detail.max_length, _LONG, "Only texts and lists have a length."),
        ("unit", detail.unit, _MEASURED, "Only numbers, and lists of them, have a unit."),
    )
    for name, value, kinds, why in said:
        if value is not None and kind not in kinds:
            able = ", ".join(sorted(one for one in kinds if one))
            yield Contradiction(
                (*path, name), f"a type among {able}", f"type {kind}", f"{why} Remove it, or mend the type."
            )


def _rate(item: DataItem, path: Path) -> Iterator[Contradiction]:
    rate = item.rate
    if rate is None:
        return
    if rate.per is None and (rate.messages or rate.bytes):
        yield Contradiction((*path, "rate"), "`per`", "a number without a time", "Add `per: minute`, `hour` or `day`.")
    if rate.per and not rate.messages and not rate.bytes:
        yield Contradiction((*path, "rate"), "`messages` or `bytes`", "a time without a number", "Say how much.")


def _time(item: DataItem, path: Path) -> Iterator[Contradiction]:
    if item.time is None:
        return
    if item.time not in (item.fields or ()):
        yield Contradiction((*path, "time"), "a field listed in `fields`", item.time, "Add it there, or mend the name.")
    kind = (item.types or {}).get(item.time)
    if kind not in _TIMES:
        yield Contradiction(
            (*path, "time"),
            "a type among integer, number, text",
            f"type {kind}",
            "Mend the type, or name another field.",
        )
