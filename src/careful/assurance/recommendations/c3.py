"""C3: what is told of customers' data is what is declared, and what is declared is what devices send."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.assurance.recommendations.m3 import AGE, undeclared
from careful.kernel.ledger import Entry

_SHOWN = 3


def decide(facts: Facts) -> Iterator[Finding]:
    """Compare, per product, the published page, the approved declaration and what was seen at the door."""
    for product in facts.products():
        yield _judged(facts, product)


def _judged(facts: Facts, product: str) -> Finding:
    said = facts.last("products.data_declared", product=product)
    if said is None:
        return Finding(Value.UNKNOWN, f"No approved product file says what {product} collects.", (), product)
    if not said.data["items"]:
        return Finding(Value.NOT_APPLICABLE, f"{product} collects nothing.", (said,), product)
    page = facts.last("products.page_published", product=product)
    return _untold(product, said, page) or _compared(facts, product, said, page)


def _untold(product: str, said: Entry, page: Entry | None) -> Finding | None:
    """Return what the page leaves out of what is declared; None where it says all of it."""
    if page is None:
        return Finding(
            Value.NOT_MET, f"The page of {product} that tells what it collects is not out.", (said,), product
        )
    if said.data["lacking"]:
        blank = said.data["lacking"]
        more = f" and {len(blank) - _SHOWN} more" if len(blank) > _SHOWN else ""
        named = ", ".join(f"`{one}`" for one in blank[:_SHOWN])
        return Finding(Value.NOT_MET, f"{product} does not say {named}{more} of its data.", (said,), product)
    if page.seq < said.seq:
        says = (
            f"The page of {product} was published before version {said.data['version']} of its file: publish it again."
        )
        return Finding(Value.NOT_MET, says, (page, said), product)
    return None


def _compared(facts: Facts, product: str, said: Entry, page: Entry | None) -> Finding:
    """Hold what is told against what devices send."""
    shown = () if page is None else (page,)
    sent = undeclared(facts, product)
    if sent:
        data = sent[-1].data
        name = f"{data['item']}.{data['field']}" if data["field"] else data["item"]
        says = f"{product}: devices send `{name}`, of which the page says nothing. It was refused."
        return Finding(Value.NOT_MET, says, (sent[-1],), product)
    seen = facts.last("customer_data.observed", product=product)
    if seen is None and said.data["streams"]:
        says = f"{product}: page and declaration say the same; no device has sent data yet to compare them with."
        return Finding(Value.UNKNOWN, says, (*shown, said), product)
    says = f"{product}: the page tells of {len(said.data['items'])} kinds of data, as declared; devices send no other."
    return Finding(Value.MET, says, (*shown, *(() if seen is None else (seen,))), product)


RECOMMENDATION = Recommendation(
    id="C3",
    title="Open about customers' data",
    asks="If you collect customers' data, explain which, how and why, and how you secure it.",
    fact="The published page, the approved product file and what devices send, compared: whether the page is of the "
    "present version, each stage of the data's life is stated, and nothing undeclared was sent in the last 30 days.",
    reads=(
        "products.data_declared",
        "products.page_published",
        "products.approved",
        "customer_data.refused",
        "customer_data.observed",
        "releases.declaration_pinned",
    ),
    decide=decide,
    max_age=AGE,
)
