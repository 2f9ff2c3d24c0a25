"""What one may do with suppliers: put on record, take evidence, note contracts, ask, answer, end. One transaction each.

What a supplier's own people do is bound to their supplier (`of`): what is another's does not exist for them.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date

from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused, TooLarge
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.suppliers import store
from careful.suppliers.events import (
    ContractNoted,
    EvidenceAccepted,
    EvidenceGiven,
    EvidenceWithdrawn,
    ItemClosed,
    PersonBound,
    PersonUnbound,
    SupplierAnswered,
    SupplierAsked,
    SupplierEnded,
    SupplierRecorded,
)
from careful.suppliers.model import CLAUSES, EVIDENCE_KINDS, clause_words, clean_id, clean_text
from careful.suppliers.queries import unknown

MOST_FILE_BYTES = 5 << 20
MOST_SUPPLIERS, MOST_EVIDENCE, MOST_ITEMS = 500, 100, 500
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def record(world: World, actor: Actor, supplier: str, *, name: str, contact: str = "", delivers: str = "") -> None:
    """Put a supplier on record, or change what is. Raises Invalid, Refused where its name means another one."""
    values = {
        "id": clean_id(supplier),
        "name": clean_text(name, "name", 200),
        "contact": clean_text(contact, "contact", 500, empty=True),
        "delivers": clean_text(delivers, "delivers", 1000, empty=True),
    }
    with world.change(actor) as work:
        for word in (supplier, values["name"]):
            for other, called in store.named(work.connection, word):
                if other != supplier:
                    raise Refused(f"{word} would mean {called} ({other}) as well.", do="Choose another id or name.")
        known = store.lock(work.connection, supplier)
        if known is not None and known.ended_at is not None:
            raise Refused(f"{known.name} is no longer a supplier.", do="Record it under a new id.")
        if known is None and store.count(work.connection, store.suppliers) >= MOST_SUPPLIERS:
            raise Refused(f"There are {MOST_SUPPLIERS} suppliers already.")
        store.put_supplier(work.connection, {**values, "recorded_at": work.now, "ended_at": None})
        work.record(SupplierRecorded(supplier=supplier))


def give_evidence(
    world: World,
    actor: Actor,
    supplier: str,
    *,
    kind: str,
    title: str,
    until: date,
    reference: str = "",
    file_name: str = "",
    content: bytes | None = None,
) -> str:
    """Take evidence, as a file of at most 5 MiB or as a reference; return its id. It counts once it is accepted.

    Raises Invalid, NotFound, Refused, TooLarge. The file is kept as it is and never looked into.
    """
    if kind not in EVIDENCE_KINDS:
        raise Invalid(
            f"{kind[:40]!r} is no kind of evidence.", do=f"They are {', '.join(EVIDENCE_KINDS)}.", where="kind"
        )
    if content is not None and len(content) > MOST_FILE_BYTES:
        raise TooLarge(f"A file has at most {MOST_FILE_BYTES >> 20} MiB.", do="Give a reference instead.", where="file")
    said = clean_text(reference, "reference", 500, empty=True)
    if not content and not said:
        raise Invalid("Evidence is a file, or says where it is.", do="Give a file or a reference.", where="file")
    values = {
        "id": new_id(),
        "supplier": supplier,
        "kind": kind,
        "title": clean_text(title, "title", 200),
        "until": _day(until, "until"),
        "reference": said,
        "file": content or None,
        "file_name": (_FILE_NAME.sub("-", file_name)[-120:].lstrip(".") or "evidence") if content else "",
        "file_size": len(content or b""),
        "sha256": hashlib.sha256(content).hexdigest() if content else "",
        "given_by": str(actor),
        "accepted_at": None,
        "accepted_by": "",
        "withdrawn_at": None,
    }
    with world.change(actor) as work:
        _need(work, supplier)
        if until < work.now.date():
            raise Invalid("That evidence has ended already.", do="Ask for newer evidence.", where="until")
        if store.count(work.connection, store.evidence, supplier) >= MOST_EVIDENCE:
            raise Refused(f"{MOST_EVIDENCE} pieces of evidence are on file already.")
        store.add(work.connection, store.evidence, {**values, "given_at": work.now})
        work.record(
            EvidenceGiven(
                supplier=supplier,
                evidence=str(values["id"]),
                kind=kind,
                until=until.isoformat(),
                sha256=str(values["sha256"]),
            )
        )
    return str(values["id"])


def accept_evidence(world: World, actor: Actor, evidence: str) -> None:
    """Rely on evidence until its end. Raises NotFound, Refused where it ended, was withdrawn, or is one's own."""
    with world.change(actor) as work:
        row = _evidence(work, evidence)
        if row.withdrawn_at is not None or row.until < work.now.date().isoformat():
            raise Refused("That evidence has ended or was withdrawn.", do="Ask for newer evidence.")
        if row.accepted_at is not None:
            return
        if store.supplier_of(work.connection, actor.id) == row.supplier:
            raise Refused("A supplier does not accept its own evidence.")
        store.change(work.connection, store.evidence, evidence, {"accepted_at": work.now, "accepted_by": str(actor)})
        work.record(EvidenceAccepted(supplier=row.supplier, evidence=evidence, kind=row.kind, until=row.until))


def withdraw_evidence(world: World, actor: Actor, evidence: str, reason: str) -> None:
    """Rely on evidence no longer. Raises NotFound, Refused."""
    why = clean_text(reason, "reason", 300)
    with world.change(actor) as work:
        row = _evidence(work, evidence)
        if row.withdrawn_at is not None:
            raise Refused("That evidence was withdrawn already.")
        store.change(work.connection, store.evidence, evidence, {"withdrawn_at": work.now})
        work.record(EvidenceWithdrawn(supplier=row.supplier, evidence=evidence, reason=why))


def note_contract(
    world: World,
    actor: Actor,
    supplier: str,
    *,
    signed: date,
    until: date,
    clauses: Mapping[str, int | None],
    reference: str = "",
) -> int:
    """Note a signed contract with its obligations, in place of the one before; return its number. Raises Invalid."""
    unknown_ones = set(clauses) - set(CLAUSES)
    if unknown_ones or not clauses:
        raise Invalid("A contract holds obligations.", do=f"They are {', '.join(CLAUSES)}.", where="clauses")
    if until < signed:
        raise Invalid("The contract would end before it was signed.", where="until")
    with world.change(actor) as work:
        _need(work, supplier)
        if signed > work.now.date():
            raise Invalid("That contract is not signed yet.", where="signed")
        number = store.count(work.connection, store.contracts, supplier) + 1
        values = {
            "supplier": supplier,
            "number": number,
            "signed": _day(signed, "signed"),
            "until": _day(until, "until"),
            "clauses": dict(clauses),
            "reference": clean_text(reference, "reference", 500, empty=True),
            "noted_at": work.now,
            "noted_by": str(actor),
        }
        store.add(work.connection, store.contracts, values)
        written = tuple(clause_words(name, limit) for name, limit in sorted(clauses.items()))
        work.record(
            ContractNoted(
                supplier=supplier, number=number, signed=signed.isoformat(), until=until.isoformat(), clauses=written
            )
        )
    return number


def ask(world: World, actor: Actor, supplier: str, asks: str, due: date) -> str:
    """Ask a supplier for something by a day; return the item's id. Raises Invalid, NotFound, Refused."""
    item, said = new_id(), clean_text(asks, "asks", 1000)
    with world.change(actor) as work:
        _need(work, supplier)
        if store.count(work.connection, store.items, supplier) >= MOST_ITEMS:
            raise Refused(f"A supplier is asked for {MOST_ITEMS} things at most.")
        values = {"id": item, "supplier": supplier, "asks": said, "due": _day(due, "due"), "asked_at": work.now}
        store.add(work.connection, store.items, {**values, "answer": "", "answered_at": None, "closed_at": None})
        work.record(SupplierAsked(supplier=supplier, item=item, due=due.isoformat()))
    return item


def answer(world: World, actor: Actor, item: str, text: str, of: str | None = None) -> None:
    """Answer what was asked; `of` is the supplier that answers for itself. Raises NotFound, Refused when closed."""
    said = clean_text(text, "answer", 4000)
    with world.change(actor) as work:
        row = _item(work, item, of)
        store.change(work.connection, store.items, item, {"answer": said, "answered_at": work.now})
        work.record(SupplierAnswered(supplier=row.supplier, item=item))


def close(world: World, actor: Actor, item: str) -> None:
    """Be done with what was asked. Raises NotFound, Refused when closed."""
    with world.change(actor) as work:
        row = _item(work, item, None)
        store.change(work.connection, store.items, item, {"closed_at": work.now})
        work.record(ItemClosed(supplier=row.supplier, item=item))


def end(world: World, actor: Actor, supplier: str, reason: str) -> None:
    """Be done with a supplier: nothing may go to it, and its people see nothing any more. Raises NotFound, Refused."""
    why = clean_text(reason, "reason", 300)
    with world.change(actor) as work:
        _need(work, supplier)
        for account in store.persons_of(work.connection, supplier):
            end_grants_in(work, account)
        store.change(work.connection, store.suppliers, supplier, {"ended_at": work.now})
        work.record(SupplierEnded(supplier=supplier, reason=why))


def bind(world: World, actor: Actor, account: str, supplier: str) -> None:
    """Let a person see and answer what a supplier is asked, and no other's. Raises NotFound, Refused."""
    with world.change(actor) as work:
        _need(work, supplier)
        end_grants_in(work, account)
        store.bind(work.connection, account, supplier)
        work.record(PersonBound(supplier=supplier, account=account))


def unbind(world: World, actor: Actor, account: str) -> None:
    """Let a person see nothing of any supplier. Raises NotFound."""
    with world.change(actor) as work:
        if not end_grants_in(work, account):
            raise NotFound("That person answers for no supplier.")


def end_grants_in(work: Work, account: str) -> int:
    """End, in the caller's transaction, what a person may see of a supplier; return how many grants ended."""
    supplier = store.unbind(work.connection, account)
    if supplier is None:
        return 0
    work.record(PersonUnbound(supplier=supplier, account=account))
    return 1


def _need(work: Work, supplier: str) -> store.Found:
    row = store.lock(work.connection, supplier)
    if row is None:
        raise unknown()
    if row.ended_at is not None:
        raise Refused(f"{row.name} is no longer a supplier.")
    return row


def _evidence(work: Work, evidence: str) -> store.Found:
    row = store.evidence_row(work.connection, evidence)
    if row is None:
        raise NotFound("There is no such evidence.", do="Run: careful supplier show SUPPLIER")
    _need(work, row.supplier)
    return row


def _item(work: Work, item: str, of: str | None) -> store.Found:
    row = store.item_row(work.connection, item)
    if row is None or (of is not None and row.supplier != of):
        raise NotFound("Nothing of that kind was asked.", do="See what is asked of you.")
    if row.closed_at is not None:
        raise Refused("That is closed.")
    return row


def _day(day: date, where: str) -> str:
    if not _FIRST <= day <= _LAST:
        raise Invalid("That day is too far away.", do="Write it as 2027-12-31.", where=where)
    return day.isoformat()
