"""What a device may say: the declaration compiled into an allow-list that the gateway asks for every message.

A stream is a data item that arises on the device; an event is one that the declaration names, or one of the two that
every device may send. Whatever is not listed is refused: an unknown stream, an unknown field, a value of another type.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from careful.products.declaration import Declaration
from careful.products.vocabulary import FieldType

Check = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a message is refused: `kind` is one of KINDS, `detail` names the stream or the field."""

    kind: str
    detail: str


KINDS = ("undeclared_stream", "undeclared_event", "undeclared_field", "wrong_type")

BUILT_IN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "offline": frozenset({"reason", "at"}),
        "update": frozenset({"action", "version", "state", "reason", "at"}),
    }
)
"""Events that every device may send, with the fields they may have."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One permitted kind of message. `personal` names the fields that are, or may be, personal data."""

    name: str
    fields: frozenset[str]
    personal: frozenset[str]
    types: Mapping[str, FieldType] = field(default_factory=dict)
    checks: tuple[tuple[str, Check], ...] = ()

    def denies(self, message: Mapping[str, object]) -> Denied | None:
        """Return why `message` may not pass, or None when it may."""
        if not self.fields.issuperset(message):
            unknown = min(key for key in message if key not in self.fields)
            return Denied("undeclared_field", f"{self.name}.{unknown[:64]}")
        for name, fits in self.checks:
            if name in message and not fits(message[name]):
                return Denied("wrong_type", f"{self.name}.{name}")
        return None


@dataclass(frozen=True, slots=True)
class Permit:
    """All that devices of one product may say."""

    streams: Mapping[str, Stream]
    events: Mapping[str, frozenset[str]]
    shapes: Mapping[str, Stream]
    """The events again, with their checks."""

    def denies_up(self, stream: str, message: Mapping[str, object]) -> Denied | None:
        """Return why `message` may not be published to `d/<device>/up/<stream>`, or None when it may."""
        known = self.streams.get(stream)
        return Denied("undeclared_stream", stream[:64]) if known is None else known.denies(message)

    def denies_event(self, name: str, message: Mapping[str, object]) -> Denied | None:
        """Return why `message` may not be published to `d/<device>/event/<name>`, or None when it may."""
        known = self.shapes.get(name)
        return Denied("undeclared_event", name[:64]) if known is None else known.denies(message)


def permit(declaration: Declaration) -> Permit:
    """Compile the allow-list. A blank `personal` counts as personal: what is unknown is protected."""
    streams = {
        item.id: _stream(item.id, item.fields, item.types, personal=item.personal is not False)
        for item in declaration.data or ()
        if item.source in {None, "device"}
    }
    shapes = {name: Stream(name, fields, frozenset()) for name, fields in BUILT_IN.items()} | {
        item.name: _stream(item.name, item.fields, item.types, personal=item.personal is not False)
        for item in declaration.events or ()
    }
    return Permit(
        MappingProxyType(streams),
        MappingProxyType({name: shape.fields for name, shape in shapes.items()}),
        MappingProxyType(shapes),
    )


def _stream(
    name: str, fields: tuple[str, ...] | None, types: Mapping[str, FieldType] | None, *, personal: bool
) -> Stream:
    allowed = frozenset(fields or ())
    given = dict(sorted((types or {}).items()))
    return Stream(
        name,
        allowed,
        allowed if personal else frozenset(),
        MappingProxyType(given),
        tuple((one, _CHECKS[kind]) for one, kind in given.items()),
    )


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_CHECKS: Mapping[FieldType, Check] = {
    "integer": _is_integer,
    "number": _is_number,
    "text": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, Mapping),
}
