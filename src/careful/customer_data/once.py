"""What is stored once whatever comes twice: QoS 2 under its packet identifier, a record under its name. Pure.

A packet identifier is held from the message that came under it until the device releases it, so it is the same message
meanwhile (MQTT, section 4.3.3). A record's name is known for as long as readings are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from careful.kernel.inbox import Entry, Message, Released

Held = tuple[str, int]
"""Device and packet identifier."""
Known = tuple[str, str, bytes]
"""Device, topic and the record's name."""


@dataclass(slots=True)
class Once:
    """What is left of a batch, and what it changes: identifiers newly held and free again, names newly known."""

    entries: list[Entry] = field(default_factory=list)
    taken: set[Held] = field(default_factory=set)
    freed: set[Held] = field(default_factory=set)
    named: dict[Known, int] = field(default_factory=dict)


def concerns(entries: Sequence[Entry]) -> bool:
    """Tell whether anything of a batch is of this kind; nearly always, nothing is."""
    return any(type(one) is Released or (type(one) is Message and (one.exactly or bool(one.record))) for one in entries)


def devices(entries: Sequence[Entry]) -> set[str]:
    """Return the devices whose held identifiers decide on a batch."""
    return {one.device for one in entries if type(one) is Released or (type(one) is Message and one.exactly)}


def names(entries: Sequence[Entry]) -> set[Known]:
    """Return the records' names that a batch holds."""
    return {(one.device, one.topic, one.record) for one in entries if type(one) is Message and one.record}


def once(entries: Sequence[Entry], held: Iterable[Held], known: Iterable[Known]) -> Once:
    """Return what is new of a batch, given what is held by `devices` and known of `names`."""
    now, seen, found = set(held), set(known), Once()
    before = frozenset(now)
    for one in entries:
        if type(one) is Released:
            now = {key for key in now if key[0] != one.device or one.packet not in {0, key[1]}}
        elif type(one) is not Message or not (one.exactly or one.record):
            found.entries.append(one)
        elif _is_new(one, now, seen, found):
            found.entries.append(replace(one, resend=False) if one.exactly else one)
    found.taken, found.freed = now - before, set(before - now)
    return found


def _is_new(one: Message, now: set[Held], seen: set[Known], found: Once) -> bool:
    if one.exactly:
        key = (one.device, one.packet)
        if key in now:
            return False
        now.add(key)
    if one.record:
        name = (one.device, one.topic, one.record)
        if name in seen:
            return False
        seen.add(name)
        found.named[name] = one.at
    return True
