"""Consent: given and taken back for one kind of data and the present customer of one device; no data before it.

Who gave it is not known here, only which device it was for, by which method, and who noted it. It ends with the
customer's time: who gets the device next is asked anew. A parent's consent is also one where the customer's own is
asked for, not the other way round.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from careful import devices, products, releases
from careful.customer_data import consent_store as store
from careful.customer_data.events import ConsentGiven, ConsentWithdrawn, DataBegan
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World

Kind = Literal["opt_in", "parental"]
CHANGES = ("customer_data.consent_given", "customer_data.consent_withdrawn")
"""The ledger's names for what changes the consents of a device."""
_METHOD = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent. It holds while `ended_at` is None; `why` says what ended it."""

    device: str
    product: str
    item: str
    kind: Kind
    method: str
    given_at: datetime
    given_by: str
    ended_at: datetime | None = None
    ended_by: str = ""
    why: str = ""


def give(world: World, actor: Actor, device: str, item: str, kind: Kind | None = None, method: str = "") -> Consent:
    """Note a consent; one that holds already is left as it is. `kind` is what the data item asks for where not given.

    `method` is a short word for how it was given, such as app, paper, card-check; a parent's needs one. Raises NotFound
    (device, data item), Refused (the item needs no consent, or a parent's; the device is retired), Invalid (method).
    """
    known = devices.get(world, device)
    asked = kinds_asked(world, known, item)
    wanted = kind or ("parental" if "parental" in asked else "opt_in")
    _must_fit(known, item, wanted, asked, method)
    with world.change(actor) as work:
        devices.lock_live(work, device)
        there = store.living(work.connection, device, item, wanted)
        if there:
            return _as_consent(there[0])
        row = {
            "id": new_id(), "device": device, "product": known.product, "item": item, "kind": wanted, "method": method,
            "given_at": work.now, "given_by": str(actor), "ended_by": "", "why": "",
        }  # fmt: skip
        store.add(work.connection, row)
        work.record(ConsentGiven(device=device, product=known.product, item=item, kind=wanted, method=method))
        return _as_consent(store.living(work.connection, device, item, wanted)[0])


def withdraw(world: World, actor: Actor, device: str, item: str) -> tuple[Consent, ...]:
    """Take back every consent to a data item; return what held until now. What was stored before stays.

    Raises NotFound for an unknown device.
    """
    devices.get(world, device)
    with world.change(actor) as work:
        ended = store.living(work.connection, device, item)
        _end(work, actor, ended, "withdrawn")
    return tuple(map(_as_consent, ended))


def end_consents(work: Work, device: str, why: str) -> int:
    """End all consents of a device as a part of ending its customer's time; return how many held."""
    ended = store.living(work.connection, device)
    _end(work, SYSTEM, ended, why)
    store.forget_begun(work.connection, device)
    return len(ended)


def consents_of(world: World, device: str) -> tuple[Consent, ...]:
    """Return all consents of a device, those that hold first, the newest before the older ones."""
    with world.look() as connection:
        rows = store.all_of(connection, device)
    found = [_as_consent(row) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.ended_at is not None, -one.given_at.timestamp(), one.item)))


def consent_words(world: World, names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return, for each of these devices, the words of the consents that hold: what `Stream.check` compares."""
    with world.look() as connection:
        rows = store.living_of(connection, names)
    words: dict[str, set[str]] = {name: set() for name in names}
    for row in rows:
        kinds = ("parental", "opt_in") if row.kind == "parental" else (row.kind,)
        words[row.device] |= {products.consent_word(row.item, kind) for kind in kinds}
    return {name: frozenset(found) for name, found in words.items()}


def note_began(world: World, pairs: Mapping[tuple[str, str], str]) -> None:
    """Note the first record of data that needs a consent: (device, data item) -> product. Again changes nothing."""
    with world.look() as connection:
        known = store.begun(connection, pairs)
    if len(known) == len(pairs):
        return
    with world.change(SYSTEM) as work:
        new = sorted(set(pairs) - store.begun(work.connection, pairs))
        store.note_begun(work.connection, [{"device": one, "item": item, "at": work.now} for one, item in new])
        for one, item in new:
            work.record(DataBegan(device=one, product=pairs[one, item], item=item))


def kinds_asked(world: World, known: devices.Device, item: str) -> frozenset[str]:
    """Return the kinds of consent that a data item asks for, by the device's own declaration or the one in force.

    Raises NotFound where neither has the item.
    """
    permits = (
        releases.permit_for(world, known.product, known.version),
        products.permit_of(world, known.product),
    )
    streams = [shape for one in permits for shape in (one.streams.get(item), one.shapes.get(item)) if shape]
    if not streams:
        raise NotFound(
            f"{known.product} declares no data item or event {item[:64]!r} that arises on the device.",
            do=f"See: careful product show {known.product} --derived",
            where="item",
        )
    words = {word for stream in streams for word in (stream.waits, *stream.needs.values()) if word}
    return frozenset(word.rpartition(":")[2] for word in words)


def consents_asked(world: World, known: devices.Device) -> dict[str, Kind]:
    """Return the data items and events that wait for a consent, by the device's own declaration: which it must be."""
    permit = releases.permit_for(world, known.product, known.version)
    asked: dict[str, Kind] = {}
    for shape in (*permit.streams.values(), *permit.shapes.values()):
        kinds = {word.rpartition(":")[2] for word in (shape.waits, *shape.needs.values()) if word}
        if kinds:
            asked[shape.name] = "parental" if "parental" in kinds else "opt_in"
    return asked


def _must_fit(known: devices.Device, item: str, wanted: Kind, asked: Iterable[str], method: str) -> None:
    kinds = frozenset(asked)
    if not kinds:
        raise Refused(
            f"`{item}` needs no consent by the product file of {known.product}.",
            do="Set `consent: opt_in` or `parental` there first, where it should.",
            where="item",
        )
    if wanted == "opt_in" and "opt_in" not in kinds:
        raise Refused(f"`{item}` needs a parent's consent.", do="Use --kind parental.", where="kind")
    if method and not _METHOD.fullmatch(method):
        raise Invalid("A method is one short word.", do="Such as app, paper or card-check.", where="method")
    if wanted == "parental" and not method:
        raise Invalid(
            "Say how the parent's consent was verified.", do="Such as --method signed-form, card-check.", where="method"
        )


def _end(work: Work, actor: Actor, rows: Iterable[Any], why: str) -> None:
    for row in rows:
        store.end(work.connection, row.id, work.now, str(actor), why)
        work.record(ConsentWithdrawn(device=row.device, product=row.product, item=row.item, kind=row.kind, why=why))


def _as_consent(row: Any) -> Consent:  # noqa: ANN401 (a row of `consent`)
    return Consent(
        device=row.device,
        product=row.product,
        item=row.item,
        kind=row.kind,
        method=row.method,
        given_at=row.given_at,
        given_by=row.given_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        why=row.why,
    )
