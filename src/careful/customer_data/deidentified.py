"""De-identified sets for others: measured, refused below the declared k, marked, with persons planted who do not exist.

Each recipient gets other pseudonyms, other record ids and other synthetic persons. A copy that turns up somewhere is
held against what was planted (`whose_copy`, `planted`), and says through whom it came.
"""

import hashlib
import hmac
import json
import re
import secrets
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from careful import devices, people, products
from careful.customer_data import deidentified_store as store
from careful.customer_data import planted
from careful.customer_data.deidentify import (
    CAUTIONS,
    PERSON,
    BadRule,
    Measure,
    Row,
    Rule,
    generalised,
    measure,
    parse_rule,
    suppressed,
)
from careful.customer_data.events import CopyFound, DataDeidentified
from careful.customer_data.planted import CONTACT, RECORD, SURE, Made, Sure
from careful.customer_data.reading import RELEASE, open_whole
from careful.customer_data.request_export import pages
from careful.customer_data.stores import records_of
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.clock import iso
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, TooLarge, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.work import World

RECORDS_MOST = 500_000
PLANTED = 3
NOTED = ("mark", "address", "whole")
"""What is proof enough to be told."""
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MARK = 16
_NONCE = 12
_DRAWS, _DRAWS_EACH = 40, 8
NOTICE = "Do not re-identify: whoever takes this set may not try to find out whom it is about, nor pass it on."


@dataclass(frozen=True, slots=True)
class Released:
    """A set that was handed out: its text, and what was measured."""

    id: str
    recipient: str
    records: int
    left_out: int
    measured: Measure
    wanted: int
    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A release of which something was found in a file: by marks, or by values alone; `says` how sure that is."""

    id: str
    recipient: str
    product: str
    stream: str
    at: datetime
    planted: int
    by_mark: int
    by_values: int
    sure: Sure
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A set that was measured for a recipient: handed out, or refused (then `export` is empty)."""

    at: datetime
    export: str
    product: str
    stream: str
    recipient: str
    released: bool
    records: int
    left_out: int
    k: int
    wanted: int
    unique_percent: float
    low: tuple[str, ...]
    planted: int


def release_deidentified(
    world: World, actor: Actor, product: str, item: str, recipient: str, rules: Sequence[str], *, suppress: bool = False
) -> Released:
    """Make a de-identified set of one data item for one recipient; what was measured is told either way.

    Raises Forbidden, Invalid, NotFound, and Refused where no method and k are declared, or k is not reached.
    """
    if not people.allowed(people.roles_of(world, actor), "data", "release"):
        raise Forbidden(
            "You may not hand out de-identified data.",
            do="Ask who may: `careful staff list` and docs/roles.md say who.",
        )
    if not _RECIPIENT.fullmatch(recipient):
        raise Invalid("A recipient is named by small letters, digits and dashes.", where="recipient")
    method, wanted = _declared(world, product, item)
    steps = _rules(world, product, item, rules)
    linked = any(rule.kind == "pseudonym" for rule in steps)
    quasi = [rule.field for rule in steps if rule.quasi]
    rows = generalised(list(_rows(world, actor, product, f"up/{item}")), steps)
    kept = suppressed(rows, quasi, wanted, linked=linked) if suppress else rows
    found = measure(kept, quasi, linked=linked)
    good = bool(kept) and found.k >= wanted
    one = new_id()
    made, text = Made([], None), ""
    if good:
        made, text = _written(world, one, product, item, recipient, method, steps, kept, found)
    digest = hashlib.sha256(text.encode()).hexdigest() if good else ""
    with world.change(actor) as work:
        if good:
            row = {
                "id": one, "product": product, "stream": f"up/{item}", "recipient": recipient, "at": work.now,
                "by": str(actor), "records": len(kept), "k": found.k, "digest": digest, "planted": [],
                "sealed": _seal(world, one, made),
            }  # fmt: skip
            store.add(work.connection, row)
        work.record(
            DataDeidentified(
                export=one if good else "", product=product, stream=f"up/{item}", recipient=recipient,
                released=good, records=len(kept), left_out=len(rows) - len(kept), k=found.k, wanted=wanted,
                unique_percent=round(found.unique * 100, 1), low=found.low, planted=len(made.planted), digest=digest,
            )
        )  # fmt: skip
    if not good:
        raise Refused(_says(found, wanted, len(kept)), do="Generalise these fields more, drop one, or use suppression.")
    return Released(one, recipient, len(kept), len(rows) - len(kept), found, wanted, digest, text)


def whose_copy(world: World, content: bytes) -> list[Copy]:
    """Return through whom a file came, the surest first: by ids, by addresses (also in mail), or by values."""
    with world.look() as connection:
        given = store.listed(connection)
    made = [_open(world, one) for one in given]
    order = list(SURE)
    found = [
        Copy(
            one.id, one.recipient, one.product, one.stream, one.at, len(each.planted), match.by_mark, match.by_values,
            match.sure, SURE[match.sure],
        )
        for one, each, match in zip(given, made, planted.match(planted.read_file(content), made), strict=True)
        if match is not None
    ]  # fmt: skip
    return sorted(found, key=lambda one: (order.index(one.sure), -one.by_mark, -one.by_values))


def note_copy(world: World, actor: Actor, copy: Copy) -> None:
    """Tell the ledger that something of a set turned up where it should not be. Raises Forbidden, Refused."""
    if not people.allowed(people.roles_of(world, actor), "data", "release"):
        raise Forbidden("You may not say whose copy it is.", do="Ask an administrator.")
    if copy.sure not in NOTED:
        raise Refused(f"That is no proof: {copy.says}.", do="Look for ids, addresses, or the whole file.")
    with world.change(actor) as work:
        work.record(CopyFound(export=copy.id, recipient=copy.recipient, product=copy.product, by=copy.sure))


def seal_planted(world: World) -> int:
    """Seal what was planted in sets that were made before it was sealed; return of how many. A chore."""
    with world.look() as connection:
        if not store.unsealed(connection):
            return 0
    with world.database.transaction("write") as connection:
        rows = store.unsealed(connection)
        for one in rows:
            store.seal(connection, one.id, _seal(world, one.id, Made(one.planted, None)))
    return len(rows)


def deidentified_sets(world: World, most: int = 200) -> list[Measured]:
    """Return every measurement of a set for others, handed out or refused, the newest first."""
    with world.look() as connection:
        entries = ledger.read(connection, names=[DataDeidentified.name], newest_first=True, limit=most)
    names = ("export", "product", "stream", "recipient", "released", "records", "left_out", "k", "wanted")
    return [
        Measured(
            at=one.at, **{name: one.data[name] for name in names}, unique_percent=one.data["unique_percent"],
            low=tuple(one.data["low"]), planted=one.data["planted"],
        )
        for one in entries
    ]  # fmt: skip


def _seal(world: World, one: str, made: Made) -> bytes:
    """Seal what tells a set: whoever reads the database, or a backup without the keys, learns nothing of it."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(world).encrypt(nonce, zlib.compress(json.dumps(made.kept()).encode()), one.encode())


def _open(world: World, row: Any) -> Made:  # noqa: ANN401 (a row of the table)
    if row.sealed is None:
        return Made(row.planted, None)
    sealed = bytes(row.sealed)
    try:
        said = _cipher(world).decrypt(sealed[:_NONCE], sealed[_NONCE:], row.id.encode())
    except InvalidTag:
        raise Unavailable(
            f"What was planted in set {row.id} does not open.",
            do="Bring back the folder of keys that it was made with.",
        ) from None
    return planted.made_of(json.loads(zlib.decompress(said)))


def _cipher(world: World) -> AESGCM:
    return AESGCM(hmac.digest(world.keys.secret("deidentify"), b"planted", "sha256"))


def _declared(world: World, product: str, item: str) -> tuple[str, int]:
    declared = next((one for one in products.get(world, product).declaration.data or () if one.id == item), None)
    if declared is None:
        raise NotFound(f"{product} declares no data item {item[:80]!r}.", do=f"See: careful data show {product}")
    said = declared.deidentified
    if said is None or said.method is None or said.k is None:
        raise Refused(
            f"{product} does not declare how {item} is de-identified, and to which k.",
            do="Say so in the product file: deidentified: {method: …, k: …}",
        )
    return said.method, said.k


def _rules(world: World, product: str, item: str, rules: Sequence[str]) -> list[Rule]:
    try:
        steps = [parse_rule(one) for one in rules]
    except BadRule as wrong:
        raise Invalid(f"{wrong}.", where="rules") from wrong
    stream = products.permit_of(world, product).streams.get(item)
    known = {"device", "at"} | (set(stream.fields) if stream else set())
    names = [one.field for one in steps]
    for one in steps:
        if one.field not in known or names.count(one.field) > 1:
            raise Invalid(f"{one.field[:80]!r} is no field of {item}, or has two rules.", where="rules")
        if ((one.kind == "pseudonym") and one.field != "device") or (one.field == "device" and one.kind not in _DEVICE):
            raise Invalid("A device is dropped or gets a pseudonym; nothing else does.", where="rules")
        if one.field == "at" and one.kind in {"keep", "value"}:
            raise Invalid("The moment to the microsecond names a person; cut it to day, week or month.", where="rules")
    if not any(one.kind != "drop" for one in steps):
        raise Invalid("Without a rule for any field nothing would be left.", where="rules")
    return steps


_DEVICE = {"drop", "pseudonym"}


def _rows(world: World, actor: Actor, product: str, stream: str) -> Iterator[Row]:
    records, now, count = records_of(world), world.clock.now(), 0
    for device in devices.all_of(world, product):
        for page in pages(records, device.id, None, now, topic=stream):
            count += len(page)
            if count > RECORDS_MOST:
                raise TooLarge(f"{stream} of {product} has more than {RECORDS_MOST} records; a set is made in memory.")
            for one in open_whole(world, actor, device.id, page, RELEASE):
                yield Row(one.customer or one.device, {**one.values, "at": one.at})


def _written(
    world: World, one: str, product: str, item: str, recipient: str, method: str, steps: Sequence[Rule],
    kept: Sequence[Row], found: Measure,
) -> tuple[Made, str]:  # fmt: skip
    """Return what tells the set, and its text: a head that says what it is, then all rows, in an order of chance."""
    secret = hmac.digest(world.keys.secret("deidentify"), recipient.encode(), "sha256")
    linked, domain = any(rule.kind == "pseudonym" for rule in steps), world.settings.trap_domain

    def mark(word: str, length: int = _MARK) -> str:
        return hmac.digest(secret, word.encode(), "sha256").hex()[:length]

    tag = mark(f"set/{one}", planted.TAG) if domain else ""

    def made(person: str, number: int, row: Row) -> dict[str, object]:
        who = {PERSON: mark(f"person/{person}")} if linked else {}
        # Every row has one, or a reader could tell who was planted. All mail to them is the maker's.
        whom = f"contact/{one}/{person}" if linked else f"contact/{one}/{number}"
        trap = {CONTACT: f"{tag}{mark(whom, 12)}@{domain}"} if domain else {}
        return {RECORD: mark(f"record/{one}/{number}"), **who, **trap, **row.values}

    lines = [made(row.person, number, row) for number, row in enumerate(kept)]
    # A synthetic person looks like a real one, so that k and the ranges stay as they were; only their marks are new.
    # Drawn again until the set repeats other rows than any before, and with more of them where there are few kinds.
    before = [each.counts for each in _made_of(world, product, f"up/{item}")]
    for draw in range(_DRAWS):
        count = PLANTED + draw // _DRAWS_EACH
        persons = [secrets.choice(kept) for _ in range(count)]
        rows: list[dict[str, object]] = []
        for number, alike in enumerate(persons):
            for row in [each for each in kept if each.person == alike.person] if linked else [alike]:
                rows.append(made(f"planted/{one}/{number}", len(kept) + len(rows), row))
        counts = planted.counted([*lines, *rows])
        if counts is None or counts not in before:
            break
    lines += rows
    secrets.SystemRandom().shuffle(lines)
    head = {
        "format": "careful-deidentified/1", "notice": NOTICE, "recipient": recipient, "product": product, "item": item,
        "method": method, "steps": [rule.says for rule in steps], "k": found.k, "cautions": list(CAUTIONS),
        "made_at": iso(world.clock.now()),
    }  # fmt: skip
    return Made(rows, counts, tag), "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in (head, *lines))


def _made_of(world: World, product: str, stream: str) -> list[Made]:
    with world.look() as connection:
        rows = store.listed(connection)
    return [_open(world, row) for row in rows if (row.product, row.stream) == (product, stream)]


def _says(found: Measure, wanted: int, rows: int) -> str:
    if not rows:
        return "Nothing is left that could be handed out."
    share = f" {found.unique * 100:.0f} % of rows are of persons who stand alone." if found.unique else ""
    low = f" Without {found.low[0]} it would be {dict(found.without)[found.low[0]]}." if found.low else ""
    return f"k is {found.k}, declared is {wanted}.{share}{low} This is not de-identified."
