"""M8: secure deletion: a planted value is gone wherever one looks, and what receipts promised came true in time."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span
from careful.kernel.clock import from_iso
from careful.kernel.ledger import Entry

_SWEPT_WITHIN = timedelta(days=1)


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest proof of deletion, and at every customer whose time ended."""
    proof = facts.last("customer_data.deletion_proved")
    if proof is None:
        yield Finding(Value.UNKNOWN, "No value was ever planted, deleted and looked for: careful data prove-deletion.")
    elif not proof.data["held"]:
        yield Finding(Value.NOT_MET, f"A planted value was deleted, but left was {'; '.join(_left(proof))}.", (proof,))
    else:
        searched = f"{proof.data['places']} files and tables and {proof.data['backups']} backups"
        says = f"A planted value was deleted, and is in none of {searched}."
        if proof.data.get("unsearched"):
            says += f" Not searched: {'; '.join(proof.data['unsearched'])}. There the end of the epoch is the answer."
        yield Finding(Value.MET, says, (proof,))
    gone = {entry.data["epoch"] for entry in facts.all("customer_data.epoch_destroyed")}
    gone |= {entry.data["epoch"] for entry in facts.all("customer_data.keys_lost")}
    swept = {entry.data["receipt"] for entry in facts.all("customer_data.records_swept")}
    for ended in facts.all("customer_data.customer_ended"):
        yield from _broken(facts, ended, gone, swept)


def _broken(facts: Facts, ended: Entry, gone: set[int], swept: set[str]) -> Iterator[Finding]:
    said = ended.data
    where = f"{said['device']}, receipt {said['receipt']}"
    if said["due"] and from_iso(said["due"]) < facts.now and said["epoch"] not in gone:
        late = span(facts.now - from_iso(said["due"]))
        yield Finding(
            Value.NOT_MET,
            f"{where}: the key of epoch {said['epoch']} was to be destroyed {late} ago, and is not.",
            (ended,),
            said["product"],
        )
    if said["receipt"] and said["receipt"] not in swept and facts.now - ended.at > _SWEPT_WITHIN:
        says = f"{where}: records are not deleted after {span(facts.now - ended.at)}."
        yield Finding(Value.NOT_MET, says, (ended,), said["product"])


def _left(proof: Entry) -> list[str]:
    return [str(one) for one in proof.data["found"][:3]] or ["something that was not named"]


RECOMMENDATION = Recommendation(
    id="M8",
    title="Secure deletion",
    asks="Delete data securely.",
    fact="The newest proof: a value planted, deleted and looked for in files, tables and backups. Beside it, for each "
    "customer whose time ended, whether records and the epoch's key were gone when the receipt said.",
    reads=(
        "customer_data.deletion_proved",
        "customer_data.customer_ended",
        "customer_data.records_swept",
        "customer_data.epoch_destroyed",
        "customer_data.keys_lost",
    ),
    decide=decide,
    max_age=timedelta(days=90),
)
