"""Taking persons out of records, and measuring how many look alike in what is left (k); pure.

A field without a rule is dropped. What a rule cannot make of a value becomes nothing: no value passes by mistake. k is
counted in persons, not in rows: twenty readings of one person hide nobody. Where rows of a person stay linked by a
pseudonym, persons are alike only if all their rows together are.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PERSON = "person"
"""The column of pseudonyms; it exists where `device=pseudonym` is among the rules."""
CAUTIONS = (
    "k says how many persons look alike in this set by the fields named as quasi-identifiers, and no more:",
    "- several releases of the same persons, laid side by side, can tell them apart again;",
    "- so can other data that somebody has about them (linkage), and fields that were named plain values;",
    "- where all who look alike share one value (skew), it is known of each of them.",
)
"""What k does not say."""
_FORM = re.compile(r"(drop|keep|value|pseudonym|day|week|month)|(round|cut|band):([0-9.,-]+)")
_MONTH = 7


class BadRule(ValueError):
    """A rule that is none; says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done to one field. `quasi`: somebody who knows it about a person may recognise them by it."""

    field: str
    kind: str
    numbers: tuple[float, ...] = ()

    @property
    def quasi(self) -> bool:
        """Whether the field counts for k."""
        return self.kind not in {"drop", "value", "pseudonym"}

    @property
    def says(self) -> str:
        """Return the step in words."""
        listed = ", ".join(f"{one:g}" for one in self.numbers)
        words = {
            "drop": "left out", "keep": "kept as it is", "value": "kept as it is; not counted for k",
            "pseudonym": "replaced by a keyed digest that is another for each recipient", "day": "cut to the day",
            "week": "cut to the Monday of its week", "month": "cut to the month",
            "round": f"rounded down to steps of {listed}", "cut": f"cut to the first {listed} characters",
            "band": f"put into bands that begin at {listed}",
        }  # fmt: skip
        return f"{self.field}: {words[self.kind]}"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: whose, and its fields."""

    person: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured: the smallest class, the share of rows of persons who are alone, and what each field costs."""

    k: int
    unique: float
    without: tuple[tuple[str, int], ...] = ()
    """Field -> k if that field were left out; what helps most comes first."""

    @property
    def low(self) -> tuple[str, ...]:
        """Return the fields that made k low: without one of them it would be higher."""
        return tuple(name for name, k in self.without if k > self.k)


def parse_rule(text: str) -> Rule:
    """Read `field=kind`, such as `age=band:0,18,65` or `zip=cut:2`. Raises BadRule."""
    field, _, said = text.partition("=")
    found = _FORM.fullmatch(said.strip())
    if not field.strip() or found is None:
        raise BadRule(f"{text[:80]!r} is no rule; write field=drop|keep|value|day|week|month|round:N|cut:N|band:A,B,C")
    if found[1]:
        return Rule(field.strip(), found[1])
    try:
        numbers = tuple(float(one) for one in found[3].split(","))
    except ValueError:
        raise BadRule(f"{text[:80]!r} has something that is no number") from None
    single = found[2] in {"round", "cut"}
    if (single and (len(numbers) != 1 or numbers[0] <= 0)) or list(numbers) != sorted(set(numbers)):
        raise BadRule(f"{text[:80]!r}: round and cut take one number above zero, bands rising ones")
    return Rule(field.strip(), found[2], numbers)


def generalised(rows: Sequence[Row], rules: Sequence[Rule]) -> list[Row]:
    """Return the rows with every rule applied; what has no rule is left out, and so are pseudonyms (see `PERSON`)."""
    kept = [rule for rule in rules if rule.kind not in {"drop", "pseudonym"}]
    makers = [(rule.field, _maker(rule)) for rule in kept]
    return [Row(row.person, {name: make(row.values.get(name)) for name, make in makers}) for row in rows]


def measure(rows: Sequence[Row], quasi: Sequence[str], *, linked: bool) -> Measure:
    """Measure k over the fields `quasi`, and what it would be without each of them."""
    counts, share = _classes(rows, quasi, linked=linked)
    lowest = min(counts.values(), default=0)
    without = [
        (name, min(_classes(rows, [one for one in quasi if one != name], linked=linked)[0].values(), default=0))
        for name in quasi
    ]
    return Measure(lowest, share, tuple(sorted(without, key=lambda pair: (-pair[1], pair[0]))))


def suppressed(rows: Sequence[Row], quasi: Sequence[str], k: int, *, linked: bool) -> list[Row]:
    """Return the rows of classes that have at least `k` persons."""
    key_of = _keys(rows, quasi, linked=linked)
    persons = _persons(rows, key_of)
    return [row for row, key in zip(rows, key_of, strict=True) if len(persons[key]) >= k]


def _classes(rows: Sequence[Row], quasi: Sequence[str], *, linked: bool) -> tuple[Counter[object], float]:
    key_of = _keys(rows, quasi, linked=linked)
    persons = _persons(rows, key_of)
    alone = sum(len(persons[key]) == 1 for key in key_of)
    return Counter({key: len(who) for key, who in persons.items()}), alone / len(rows) if rows else 0.0


def _keys(rows: Sequence[Row], quasi: Sequence[str], *, linked: bool) -> list[object]:
    """Return what each row looks like from outside: its fields, or with pseudonyms all rows of its person together."""
    each: list[object] = [tuple(_mark(row.values.get(name)) for name in quasi) for row in rows]
    if not linked:
        return each
    together: dict[str, set[object]] = {}
    for row, key in zip(rows, each, strict=True):
        together.setdefault(row.person, set()).add(key)
    whole = {person: frozenset(keys) for person, keys in together.items()}
    return [whole[row.person] for row in rows]


def _persons(rows: Sequence[Row], key_of: Sequence[object]) -> dict[object, set[str]]:
    persons: dict[object, set[str]] = {}
    for row, key in zip(rows, key_of, strict=True):
        persons.setdefault(key, set()).add(row.person)
    return persons


def _mark(value: object) -> tuple[str, str]:
    return (type(value).__name__, repr(value))


def _maker(rule: Rule) -> Callable[[object], object]:
    if rule.kind in {"keep", "value"}:
        return lambda value: value
    if rule.kind == "cut":
        most = int(rule.numbers[0])
        return lambda value: value[:most] if isinstance(value, str) else None
    if rule.kind == "round":
        step = rule.numbers[0]
        return lambda value: value // step * step if _is_number(value) else None  # type: ignore[operator]
    if rule.kind == "band":
        return lambda value: _band(value, rule.numbers) if _is_number(value) else None
    return lambda value: _date(value, rule.kind)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _band(value: object, edges: Sequence[float]) -> str:
    number = float(value)  # type: ignore[arg-type] # a number, by _is_number
    below = [one for one in edges if one <= number]
    above = [one for one in edges if one > number]
    return f"{below[-1]:g}" + (f" to {above[0]:g}" if above else " and more") if below else f"below {edges[0]:g}"


def _date(value: object, kind: str) -> str | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    day = value.astimezone(UTC) if value.tzinfo else value
    if kind == "week":
        day -= timedelta(days=day.weekday())
    return f"{day:%Y-%m-%d}"[:_MONTH] if kind == "month" else f"{day:%Y-%m-%d}"
