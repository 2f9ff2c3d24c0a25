"""A receipt as text that one can print and check: a C2SP signed note by the installation's own (the ledger's) key."""

from datetime import datetime

from careful.customer_data import receipts_store
from careful.customer_data.holders import GONE_AFTER
from careful.customer_data.model import WORDS, Receipt, Release
from careful.kernel import audit
from careful.kernel.checkpoint import sign_text, verifier_key
from careful.kernel.errors import NotFound
from careful.kernel.work import World

NAME = "careful/receipt"


def receipt(world: World, one: str) -> Receipt:
    """Return a receipt as it stands now. Raises NotFound."""
    with world.look() as connection:
        found = receipts_store.find(connection, one)
    if found is None:
        raise NotFound("There is no such receipt.", do="See: careful data receipts")
    return found


def receipts(world: World, *, device: str | None = None, most: int = 200) -> list[Receipt]:
    """Return receipts, the newest first."""
    with world.look() as connection:
        return receipts_store.listed(connection, device=device, most=most)


def signed_receipt(world: World, one: str) -> str:
    """Return a receipt as a signed note. Raises NotFound."""
    return sign_text(NAME, text_of(receipt(world, one), world.clock.now()), audit.signing_key(world))


def receipt_verifier(world: World) -> str:
    """Return the verifier key of receipts, in note form."""
    return verifier_key(NAME, audit.signing_key(world).public_key())


def text_of(one: Receipt, now: datetime) -> str:
    """Write a receipt in words: what is gone now, what will be by when, and what this does not cover."""
    lines = [
        f"Receipt {one.id}, as of {_day(now)}",
        (
            f"Device {one.device} of product {one.product}. The time of its customer ended at {_day(one.at)}"
            f" because {WORDS[one.why]}."
        ),
        *(_with_key(one) if one.customer else _without_key()),
        f"Records: {_records(one)}",
        *_caches(one, now),
        (
            "Not covered: values that people read before and wrote down elsewhere"
            f" (values were read {one.reads} time{'s' if one.reads != 1 else ''}, by the log);"
            f" exports issued before ({'; '.join(one.exports) or 'none is on record'});"
            " fields that were declared not personal, in backups made before, until these are deleted;"
            " old sectors of disks, which a program cannot reach."
        ),
    ]
    return "".join(f"{line}\n" for line in lines)


def _with_key(one: Receipt) -> list[str]:
    if one.destroyed_at is not None:
        copies = f"destroyed at {_day(one.destroyed_at)}. No copy in any backup or log can be opened any more."
    else:
        by = f"destroyed by {_day(one.due)} at the latest" if one.due else "destroyed with its epoch"
        copies = f"{by}. Until then, whoever holds both a backup made before and that key could still read it."
    return [
        (
            f"Gone now: the key of customer {one.customer} was destroyed in the database at {_day(one.at)}. This"
            " installation cannot read any more what was sealed with it."
        ),
        (
            f"Copies of that key in earlier backups and logs are wrapped under the key of epoch {one.epoch}, which"
            f" {'was' if one.destroyed_at else 'is'} {copies}"
        ),
    ]


def _without_key() -> list[str]:
    return ["There was no key to destroy: nothing personal had been stored in the clear or sealed for this customer."]


def _records(one: Receipt) -> str:
    if one.swept_at is None:
        return f"{one.records} deleted so far; the rest follows within minutes."
    return f"{one.records} were deleted from the store and its files by {_day(one.swept_at)}."


def _caches(one: Receipt, now: datetime) -> list[str]:
    return [f"Gateway {each.holder} {_let_go(each, now)}" for each in one.releases]


def _let_go(one: Release, now: datetime) -> str:
    """Say what became of a process's copy of the key. Whoever is not heard of has none left after a bound."""
    if one.at is not None:
        return f"let go of its copy of the key at {_day(one.at)}."
    if one.heard is None:
        return "has ended since, and its copy of the key with its memory."
    if now - one.heard < GONE_AFTER:
        return "has not yet said that it let go of it."
    gone = _day(one.heard + GONE_AFTER)
    return (
        f"was last heard of at {_day(one.heard)}; its copy of the key was gone by {gone}. It goes"
        " with the memory of a process that ends, and one that is cut off from the database drops it."
    )


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
