"""The rules of one field, compiled: of which type, in which range, how long, and what a value is refused for.

What is blank is not checked, with two exceptions: a range makes a field without a type a number, and a length makes it
a text or a list. No object passes unless the field has the type `object`; what is nested deeper than the limit never.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Literal

from careful.kernel.role_names import present_names
from careful.products.flows import DataItem, EventItem, FieldDetail
from careful.products.vocabulary import FieldType

Consent = Literal["none", "opt_in", "parental"]
Fault = tuple[str, str]
"""What is wrong with a value: the kind of refusal, and the place below the field ("" for the field itself)."""
Test = Callable[[object], Fault | None]
Types = frozenset[type]

NAME_SHOWN = 64
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
LEVELS = 4
"""How deep objects and lists in a field may be nested."""
_SCALARS: frozenset[type] = frozenset({int, float, str, bool, type(None)})
_PLAIN: Mapping[FieldType | None, frozenset[type]] = MappingProxyType(
    {
        None: _SCALARS,
        "integer": frozenset({int}),
        "number": frozenset({int, float}),
        "text": frozenset({str}),
        "boolean": frozenset({bool}),
        "list": frozenset(),
        "object": frozenset(),
    }
)
_NESTED = frozenset({dict, list, tuple})
_WRONG: Fault = ("wrong-type", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """All that the declaration says of one field; what the field does not say itself, its data item says.

    `low`, `high` and `longest` are None where there is no such limit. A blank `personal` counts as personal.
    """

    name: str
    type: FieldType | None = None
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    personal: bool = True
    sensitive: bool = False
    purpose: tuple[str, ...] = ()
    retention_days: int | None = None
    recipients: tuple[str, ...] | None = None
    consent: Consent = "none"
    access_roles: tuple[str, ...] = ()
    """Roles of the staff who may read it; nobody where it is blank."""

    @property
    def may_be(self) -> str:
        """Return what its values may be, in a few words."""
        unit = f" {self.unit}" if self.unit else ""
        kind = self.type or ("number" if self.low is not None or self.high is not None else "any plain value")
        if self.low is not None and self.high is not None:
            return f"{kind}, {self.low:g} to {self.high:g}{unit}"
        if self.low is not None:
            return f"{kind}, {self.low:g}{unit} or more"
        if self.high is not None:
            return f"{kind}, {self.high:g}{unit} or less"
        if self.longest is not None:
            return f"{self.type or 'text or list'}, at most {self.longest:,} long"
        return f"{kind}{',' if unit else ''}{unit}"

    @property
    def plain(self) -> Types:
        """Return the types of which every value passes, so that nothing more need be looked at."""
        limited = self.longest is not None or self.low is not None or self.high is not None
        return frozenset() if limited else _PLAIN[self.type]

    @property
    def test(self) -> Test:
        """Return what finds the fault of a value whose type is not among the plain ones."""
        if self.low is not None or self.high is not None:
            kinds = _PLAIN["integer" if self.type == "integer" else "number"]
            return _in_range(kinds, -inf if self.low is None else self.low, inf if self.high is None else self.high)
        if self.longest is not None:
            return _at_most(
                frozenset({"text": (str,), "list": (list, tuple)}.get(self.type or "", _LONG)), self.longest
            )
        return {None: _untyped, "list": _is_list, "object": _is_object}.get(self.type, _never)


_LONG: tuple[type, ...] = (str, list, tuple)


def shown(name: str) -> str:
    """Return a name that a device made up, if it is one that a field could have; anything else might be a value."""
    return name[:NAME_SHOWN] if _NAME.fullmatch(name[:NAME_SHOWN]) else "(no field's name)"


def rules_of(item: DataItem | EventItem) -> dict[str, FieldRule]:
    """Compile the rules of every field of a data item or an event, by name."""
    types = item.types or {}
    if isinstance(item, EventItem):
        personal = item.personal is not False
        days, purpose = item.retention.days if item.retention else None, item.purpose or ()
        return {
            name: FieldRule(
                name=name, type=types.get(name), personal=personal, purpose=purpose, retention_days=days,
                access_roles=present_names(item.access_roles or ()), consent=item.consent or "none",
            )
            for name in item.fields or ()
        }  # fmt: skip
    details = item.details or {}
    return {name: _rule(item, name, types.get(name), details.get(name) or FieldDetail()) for name in item.fields or ()}


def _rule(item: DataItem, name: str, kind: FieldType | None, said: FieldDetail) -> FieldRule:
    kept = said.retention or item.retention
    return FieldRule(
        name=name,
        type=kind,
        unit=said.unit,
        low=said.min,
        high=said.max,
        longest=said.max_length,
        personal=(item.personal if said.personal is None else said.personal) is not False,
        sensitive=(item.sensitive if said.sensitive is None else said.sensitive) is True,
        purpose=(item.purpose if said.purpose is None else said.purpose) or (),
        retention_days=kept.days if kept else None,
        recipients=item.recipients if said.recipients is None else said.recipients,
        consent=said.consent or item.consent or "none",
        access_roles=present_names(item.access_roles or ()),
    )


def _in_range(kinds: frozenset[type], low: float, high: float) -> Test:
    def fault(value: object) -> Fault | None:
        if type(value) not in kinds:
            return _WRONG
        return None if low <= value <= high else ("out-of-range", "")  # type: ignore[operator] # a number, as asked above

    return fault


def _at_most(kinds: frozenset[type], most: int) -> Test:
    def fault(value: object) -> Fault | None:
        if type(value) not in kinds:
            return _WRONG
        if len(value) > most:  # type: ignore[arg-type] # a text or a list, as asked above
            return ("too-long", "")
        return None if type(value) is str else _hidden(value, may_hold=False)

    return fault


def _untyped(value: object) -> Fault | None:
    return _hidden(value, may_hold=False) if type(value) in _NESTED else _WRONG


def _is_list(value: object) -> Fault | None:
    return _hidden(value, may_hold=False) if isinstance(value, (list, tuple)) else _WRONG


def _is_object(value: object) -> Fault | None:
    return _hidden(value, may_hold=True) if isinstance(value, dict) else _WRONG


def _never(_value: object) -> Fault | None:
    return _WRONG


def _hidden(value: object, *, may_hold: bool) -> Fault | None:
    """Return the place of an object that no declaration knows of, or of something nested too deep."""
    place = _place(value, may_hold=may_hold, depth=1)
    return None if place is None else ("undeclared-field", place)


def _place(value: object, *, may_hold: bool, depth: int) -> str | None:
    if depth > LEVELS:
        return " (nested too deep)"
    if isinstance(value, dict):
        if not may_hold:
            return "." + (shown(str(next(iter(value)))) if value else "{}")
        parts = [(f".{shown(str(key))}", one) for key, one in value.items() if type(one) in _NESTED]
    else:
        parts = [("[]", one) for one in value if type(one) in _NESTED]  # type: ignore[attr-defined] # a list
    for name, one in parts:
        found = _place(one, may_hold=may_hold, depth=depth + 1)
        if found is not None:
            return name + found
    return None
