"""What a device may say: the declaration compiled into an allow-list that the gateway asks for every message.

A stream is a data item that arises on the device; an event is one that the declaration names, or one of those that
every device may send. Whatever is not listed is refused: an unknown stream, an unknown field, a value of another type,
out of its range or too long, and what waits for a consent that nobody gave. A data item's policy says whether the whole
record is refused for it or the field alone is left out.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from careful.products.declaration import CONNECTIONS, RESET, Declaration
from careful.products.fields import FieldRule, Test, rules_of, shown
from careful.products.flows import DataItem, EventItem, Rate
from careful.products.vocabulary import FieldType

Policy = Literal["record", "field"]
KINDS = (
    "undeclared-stream",
    "undeclared-event",
    "undeclared-field",
    "wrong-type",
    "out-of-range",
    "too-long",
    "missing-consent",
    "over-rate",
    "future-time",
    "ancient-time",
)
"""Why something is refused by the declaration."""
SECONDS: Mapping[str, int] = MappingProxyType({"minute": 60, "hour": 3600, "day": 86_400})
SHAPES_MOST = 512
FAULTS_MOST = 64
"""Undeclared fields of one message that are left out; of more, the message is refused."""
NOBODY: frozenset[str] = frozenset()
"""No consent at all."""

BUILT_IN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "offline": frozenset({"reason", "at"}),
        "update": frozenset({"action", "version", "state", "reason", "at"}),
        RESET: frozenset({"at"}),
        CONNECTIONS: frozenset(
            {"at", "peers", "names", "listening", "listening_tcp", "listening_udp", "established_tcp"}
            | {f"{unit}_{way}" for unit in ("bytes", "packets") for way in ("in", "out")}
        ),
    }
)
"""Events that every device may send, with the fields they may have."""


class Denied(Struct, frozen=True):
    """Why a message or a field is refused: a short word, and the stream, the field or the topic."""

    kind: str
    detail: str


class Checked(Struct, frozen=True, gc=False):
    """What came of a check: what may pass (None where nothing may), what was left out, and why all was refused."""

    fields: dict[str, Any] | None
    dropped: tuple[Denied, ...] = ()
    denied: Denied | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One permitted kind of message, and all that the declaration says about it.

    `personal` names the fields that are, or may be, personal data. `version` is the declaration's, 0 where it has none
    (not declared with Careful). `waits` is the consent that the data item as a whole waits for, `needs` what each of
    its fields does; the words are those of `consent_word`. `rate` is how much of it one device may send. Of what is
    `noted` it is written down when it began with a device: data that waits for a consent, personal data of products for
    children. `time` names the field that says when a record was made; one that is older than
    `kept_days`, the longest that any of its fields is kept, is refused. `seen` counts the records that were taken, by
    the fields they had; `count` moves it.
    """

    name: str
    fields: frozenset[str]
    personal: frozenset[str] = frozenset()
    rules: Mapping[str, FieldRule] = field(default_factory=dict)
    version: int = 0
    policy: Policy = "record"
    waits: str = ""
    needs: Mapping[str, str] = field(default_factory=dict)
    rate: Rate | None = None
    noted: bool = False
    seen: dict[tuple[str, ...], list[int]] = field(default_factory=dict, compare=False, repr=False)
    _plain: Mapping[str, frozenset[type]] = field(default_factory=dict)
    _tests: Mapping[str, Test] = field(default_factory=dict)
    _consents: frozenset[str] = frozenset()
    time: str = ""
    kept_days: int | None = None

    @property
    def types(self) -> dict[str, FieldType]:
        """Return the types that are declared, by field."""
        return {name: rule.type for name, rule in sorted(self.rules.items()) if rule.type is not None}

    def check(self, message: dict[str, Any], consents: AbstractSet[str] = NOBODY) -> Checked:
        """Return what of `message` may pass. `consents` are the consent words that hold for the device's customer.

        The loop is run for every message of every device: a value of a plain type costs two look-ups.
        """
        plain = self._plain
        for name, value in message.items():
            kinds = plain.get(name)
            if kinds is None or (type(value) not in kinds and self._tests[name](value) is not None):
                return self._sort_out(message, consents)
        if self._consents and not consents >= self._consents:
            return self._sort_out(message, consents)
        return Checked(message)

    def count(self, fields: Iterable[str]) -> None:
        """Count a record with these fields as taken; of too many combinations only the number."""
        shape = tuple(fields)
        cell = self.seen.get(shape)
        if cell is None:
            cell = self.seen.setdefault(shape if len(self.seen) < SHAPES_MOST else (), [0])
        cell[0] += 1

    def _sort_out(self, message: dict[str, Any], consents: AbstractSet[str]) -> Checked:
        """Look at every field anew, and refuse or leave out by policy what is at fault.

        A message of very many names is not looked at name by name: whoever sends it slows nobody down but itself.
        """
        surplus = len(message) - len(self.fields)
        if surplus > 0 and (self.policy == "record" or surplus > FAULTS_MOST):
            unknown = min(message.keys() - self.fields)  # as a longer look would find
            return Checked(None, (), Denied("undeclared-field", f"{self.name}.{shown(unknown)}"))
        faults = {name: found for name in message if (found := self._fault(name, message[name], consents)) is not None}
        # What nobody declared comes first, and among equals the first by name: the same message, the same answer.
        ordered = tuple(faults[name] for name in sorted(faults, key=lambda one: (one in self.fields, one)))
        if not message and self.waits and self.waits not in consents:
            return Checked(None, (), Denied("missing-consent", self.name))
        if not ordered:
            return Checked(message)
        if self.policy == "record" or len(faults) == len(message):
            return Checked(None, (), ordered[0])
        return Checked({name: value for name, value in message.items() if name not in faults}, ordered)

    def _fault(self, name: str, value: object, consents: AbstractSet[str]) -> Denied | None:
        if name not in self.fields:
            return Denied("undeclared-field", f"{self.name}.{shown(name)}")
        found = None if type(value) in self._plain[name] else self._tests[name](value)
        if found is not None:
            return Denied(found[0], f"{self.name}.{name}{found[1]}")
        word = self.needs.get(name)
        return Denied("missing-consent", f"{self.name}.{name}") if word and word not in consents else None


@dataclass(frozen=True, slots=True)
class Permit:
    """All that devices of one product may say, by one version of its declaration (0: not declared with Careful)."""

    streams: Mapping[str, Stream]
    events: Mapping[str, frozenset[str]]
    shapes: Mapping[str, Stream]
    """The events again, with their checks."""
    version: int = 0
    resets: bool = True
    """Whether the event `reset` is ours: the device was reset, and its customer's time is over."""

    @property
    def long_rates(self) -> frozenset[str]:
        """Return the data items whose rate is for an hour or a day: what was used of it outlives a gateway."""
        return frozenset(
            name for name, one in self.streams.items() if one.rate is not None and one.rate.per != "minute"
        )

    def drain(self) -> dict[tuple[str, tuple[str, ...]], int]:
        """Take away what was counted of the streams: (stream, fields) -> records."""
        found: dict[tuple[str, tuple[str, ...]], int] = {}
        for name, stream in self.streams.items():
            for shape in list(stream.seen):
                found[name, shape] = stream.seen.pop(shape)[0]
        return found


def permit(declaration: Declaration, version: int = 0) -> Permit:
    """Compile the allow-list. A blank `personal` counts as personal: what is unknown is protected."""
    children = declaration.audience is not None and (
        declaration.audience.child_directed is True or declaration.audience.actual_knowledge_child is True
    )
    streams = {
        item.id: _stream(item, version, children=children)
        for item in declaration.data or ()
        if item.source in {None, "device"}
    }
    shapes = {name: plain_stream(name, fields, version) for name, fields in BUILT_IN.items()} | {
        item.name: _shape(item, version, children=children) for item in declaration.events or ()
    }
    return Permit(
        MappingProxyType(streams),
        MappingProxyType({name: shape.fields for name, shape in shapes.items()}),
        MappingProxyType(shapes),
        version,
        RESET not in {item.name for item in declaration.events or ()},
    )


def consent_word(item: str, kind: str) -> str:
    """Return the word for one kind of consent to one data item, as the gateway compares it; "" where none is needed."""
    return "" if kind == "none" else f"{item}:{kind}"


def plain_stream(name: str, fields: frozenset[str], version: int = 0) -> Stream:
    """Return a stream of our own, whose fields are nobody's personal data and have no types."""
    return _compiled(name, {one: FieldRule(name=one, personal=False) for one in sorted(fields)}, version)


def _stream(item: DataItem, version: int, *, children: bool) -> Stream:
    rules = rules_of(item)
    words = _words(item.id, rules)
    rate = item.rate if item.rate and item.rate.per and (item.rate.messages or item.rate.bytes) else None
    kept = [rule.retention_days for rule in rules.values() if rule.retention_days is not None]
    compiled = _compiled(
        item.id,
        rules,
        version,
        policy=item.refusal or "record",
        waits=consent_word(item.id, item.consent or "none"),
        needs=words,
        rate=rate,
        noted=bool(words) or item.consent in {"opt_in", "parental"} or children,
    )
    return replace(compiled, time=item.time or "", kept_days=max(kept, default=None))


def _shape(item: EventItem, version: int, *, children: bool) -> Stream:
    rules, waits = rules_of(item), consent_word(item.name, item.consent or "none")
    return _compiled(
        item.name, rules, version, waits=waits, needs=_words(item.name, rules), noted=bool(waits) or children
    )


def _words(item: str, rules: Mapping[str, FieldRule]) -> Mapping[str, str]:
    """Return the consent that each field waits for."""
    words = {name: consent_word(item, rule.consent) for name, rule in rules.items() if rule.consent != "none"}
    return MappingProxyType(words)


def _compiled(
    name: str,
    rules: dict[str, FieldRule],
    version: int,
    *,
    policy: Policy = "record",
    waits: str = "",
    needs: Mapping[str, str] | None = None,
    rate: Rate | None = None,
    noted: bool = False,
) -> Stream:
    words = needs or MappingProxyType({})
    return Stream(
        name,
        frozenset(rules),
        frozenset(one for one, rule in rules.items() if rule.personal),
        MappingProxyType(rules),
        version,
        policy,
        waits,
        words,
        rate,
        noted,
        {},
        {one: rule.plain for one, rule in rules.items()},
        {one: rule.test for one, rule in rules.items()},
        frozenset({*words.values(), *([waits] if waits else [])}),
    )
