"""De-identified sets for others: measured, refused below the declared k, marked, with persons planted who do not exist.

Each recipient gets other pseudonyms, other record ids and other synthetic persons. A copy that turns up somewhere is
held against the planted rows (`whose_copy`), and says through whom it came.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from careful import devices, people, products
from careful.customer_data import deidentified_store as store
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
from careful.customer_data.events import DataDeidentified
from careful.customer_data.reading import RELEASE, open_whole
from careful.customer_data.request_export import pages
from careful.customer_data.stores import records_of
from careful.kernel.actors import Actor
from careful.kernel.clock import iso
from careful.kernel.errors import Forbidden, Invalid, NotFound, Refused, TooLarge
from careful.kernel.ids import new_id
from careful.kernel.work import World

RECORDS_MOST = 500_000
PLANTED = 3
RECORD = "record"
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MARK = 16
_LINE_LONGEST = 1 << 20
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
    """A release of which rows were found in a file: by their marks, or by all other values alike."""

    id: str
    recipient: str
    product: str
    stream: str
    planted: int
    by_mark: int
    by_values: int


def release_deidentified(
    world: World, actor: Actor, product: str, item: str, recipient: str, rules: Sequence[str], *, suppress: bool = False
) -> Released:
    """Make a de-identified set of one data item for one recipient; what was measured is told either way.

    Raises Forbidden, Invalid, NotFound, and Refused where no method and k are declared, or k is not reached.
    """
    if not people.allowed(people.roles_of(world, actor), "data", "release"):
        raise Forbidden("You may not hand out de-identified data.", do="Ask an owner.")
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
    planted, text = _written(world, one, product, item, recipient, method, steps, kept, found) if good else ([], "")
    digest = hashlib.sha256(text.encode()).hexdigest() if good else ""
    with world.change(actor) as work:
        if good:
            row = {
                "id": one, "product": product, "stream": f"up/{item}", "recipient": recipient, "at": work.now,
                "by": str(actor), "records": len(kept), "k": found.k, "digest": digest, "planted": planted,
            }  # fmt: skip
            store.add(work.connection, row)
        work.record(
            DataDeidentified(
                export=one if good else "", product=product, stream=f"up/{item}", recipient=recipient,
                released=good, records=len(kept), left_out=len(rows) - len(kept), k=found.k, wanted=wanted,
                unique_percent=round(found.unique * 100, 1), low=found.low, planted=len(planted), digest=digest,
            )
        )  # fmt: skip
    if not good:
        raise Refused(_says(found, wanted, len(kept)), do="Generalise these fields more, drop one, or use suppression.")
    return Released(one, recipient, len(kept), len(rows) - len(kept), found, wanted, digest, text)


def whose_copy(world: World, content: bytes) -> list[Copy]:
    """Return through whom a file came, by the persons in it who do not exist; the surest first."""
    marks, shapes = set(), set()
    for line in content.splitlines():
        if len(line) > _LINE_LONGEST:
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            marks |= {str(row[name]) for name in (RECORD, PERSON) if name in row}
            shapes.add(_shape(row))
    with world.look() as connection:
        given = store.listed(connection)
    found = [
        Copy(
            one.id, one.recipient, one.product, one.stream, len(one.planted),
            sum(bool({str(row[RECORD]), str(row.get(PERSON, row[RECORD]))} & marks) for row in one.planted),
            sum(_shape(row) in shapes for row in one.planted),
        )
        for one in given
    ]  # fmt: skip
    return sorted(
        (one for one in found if one.by_mark or one.by_values), key=lambda one: (-one.by_mark, -one.by_values)
    )


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
) -> tuple[list[dict[str, object]], str]:  # fmt: skip
    """Return the planted rows, and the text: a head that says what it is, then all rows, in an order of chance."""
    secret = hmac.digest(world.keys.secret("deidentify"), recipient.encode(), "sha256")
    linked = any(rule.kind == "pseudonym" for rule in steps)

    def mark(word: str) -> str:
        return hmac.digest(secret, word.encode(), "sha256").hex()[:_MARK]

    def made(person: str, number: int, row: Row) -> dict[str, object]:
        who = {PERSON: mark(f"person/{person}")} if linked else {}
        return {RECORD: mark(f"record/{one}/{number}"), **who, **row.values}

    lines = [made(row.person, number, row) for number, row in enumerate(kept)]
    # A synthetic person looks like a real one, so that k and the ranges stay as they were; only their marks are new.
    planted: list[dict[str, object]] = []
    for number in range(PLANTED):
        alike = secrets.choice(kept)
        for row in [each for each in kept if each.person == alike.person] if linked else [alike]:
            planted.append(made(f"planted/{one}/{number}", len(kept) + len(planted), row))
    lines += planted
    secrets.SystemRandom().shuffle(lines)
    head = {
        "format": "careful-deidentified/1", "notice": NOTICE, "recipient": recipient, "product": product, "item": item,
        "method": method, "steps": [rule.says for rule in steps], "k": found.k, "cautions": list(CAUTIONS),
        "made_at": iso(world.clock.now()),
    }  # fmt: skip
    return planted, "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in (head, *lines))


def _says(found: Measure, wanted: int, rows: int) -> str:
    if not rows:
        return "Nothing is left that could be handed out."
    share = f" {found.unique * 100:.0f} % of rows are of persons who stand alone." if found.unique else ""
    low = f" Without {found.low[0]} it would be {dict(found.without)[found.low[0]]}." if found.low else ""
    return f"k is {found.k}, declared is {wanted}.{share}{low} This is not de-identified."


def _shape(row: dict[str, object]) -> str:
    return json.dumps({name: value for name, value in row.items() if name not in {RECORD, PERSON}}, sort_keys=True)
