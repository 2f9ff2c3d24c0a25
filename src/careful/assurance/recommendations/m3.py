"""M3: no more is collected than was declared: what devices send is held against the product file, field by field."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry

AGE = timedelta(days=30)
_MADE_UP = "undeclared-"


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, for what was sent undeclared since its file or its releases' versions last changed."""
    for product in facts.products():
        said = facts.last("products.data_declared", product=product)
        if said is None:
            yield Finding(Value.UNKNOWN, f"No approved product file says what {product} collects.", (), product)
            continue
        sent = undeclared(facts, product)
        seen = facts.last("customer_data.observed", product=product)
        if sent:
            worst = max(sent, key=lambda one: (one.data["devices"], one.data["count"]))
            yield Finding(Value.NOT_MET, _says(worst, len({_place(one) for one in sent})), (worst,), product)
        elif seen is not None:
            fields = len(seen.data["fields"])
            records = seen.data["records"]
            says = f"{product}: {records} records with {fields} different fields were taken, all of them declared."
            yield Finding(Value.MET, says, (seen,), product)
        elif not said.data["streams"]:
            yield Finding(Value.NOT_APPLICABLE, f"Devices of {product} send no data.", (said,), product)
        else:
            yield Finding(Value.UNKNOWN, f"No device of {product} has sent data yet.", (said,), product)


def undeclared(facts: Facts, product: str) -> list[Entry]:
    """Return what was lately sent undeclared, and not mended since by a new product file or a pinned version."""
    found = [
        one
        for one in facts.all("customer_data.refused", product=product)
        if one.data["kind"].startswith(_MADE_UP) and facts.now - one.at <= AGE
    ]
    approved = facts.last("products.approved", product=product)
    return [one for one in found if one.seq > max(_seq(approved), _pinned(facts, one))]


def _pinned(facts: Facts, sent: Entry) -> int:
    where = {"product": sent.data["product"], "version": sent.data["release"]}
    return _seq(facts.last("releases.declaration_pinned", **where))


def _seq(entry: Entry | None) -> int:
    return -1 if entry is None else entry.seq


def _place(one: Entry) -> tuple[str, ...]:
    return (one.data["release"], one.data["item"], one.data["field"])


def _says(one: Entry, places: int) -> str:
    data = one.data
    name = f"{data['item']}.{data['field']}" if data["field"] else data["item"]
    count, devices, release = data["count"], data["devices"], data["release"]
    times = "once" if count == 1 else f"{count} times"
    who = f"{'one device' if devices == 1 else f'{devices} devices'}{f' on {release}' if release else ''}"
    more = f" {places - 1} more {'was' if places == 2 else 'were'} sent, too." if places > 1 else ""  # noqa: PLR2004
    return f"{data['product']}: `{name}` is not declared and was sent {times} by {who}; it was refused.{more}"


RECOMMENDATION = Recommendation(
    id="M3",
    title="No more data than declared",
    asks="Limit the collection of personal data.",
    fact="Fields that devices sent and no product file declares, counted at the door.",
    reads=(
        "products.data_declared",
        "products.approved",
        "customer_data.refused",
        "customer_data.observed",
        "releases.declaration_pinned",
    ),
    decide=decide,
    max_age=AGE,
)
