"""M7: de-identifying: the newest measurement of each stream handed to others reached the declared k."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value
from careful.kernel.ledger import Entry


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, per product, at the newest measurement of each stream; and at whether there is anything personal."""
    for product in facts.products():
        newest = {str(one.data["stream"]): one for one in facts.all("customer_data.deidentified", product=product)}
        if newest:
            for stream, said in sorted(newest.items()):
                yield _judged(product, stream, said)
            continue
        use = facts.last("customer_data.use_measured", product=product)
        if use is not None and not use.data["personal"]:
            yield Finding(Value.NOT_APPLICABLE, f"{product} collects nothing personal.", (use,), product)
        else:
            says = f"No set of {product} was ever measured: careful data export-deidentified."
            yield Finding(Value.UNKNOWN, says, (), product)


def _judged(product: str, stream: str, said: Entry) -> Finding:
    data = said.data
    where = f"{product} {stream}, for {data['recipient']}"
    if data["released"] and data["k"] >= data["wanted"]:
        says = f"{where}: at least {data['k']} persons look alike; declared are {data['wanted']}."
        return Finding(Value.MET, says, (said,), product)
    if not data["records"]:
        return Finding(Value.UNKNOWN, f"{where}: nothing was left to measure.", (said,), product)
    share = f" for {data['unique_percent']:g} % of rows" if data["unique_percent"] else f", declared {data['wanted']}"
    low = f" It is low by {', '.join(data['low'][:3])}." if data["low"] else ""
    says = f"{where}: k = {data['k']}{share}. This is not de-identified.{low}"
    return Finding(Value.NOT_MET, says, (said,), product)


RECOMMENDATION = Recommendation(
    id="M7",
    title="De-identified data",
    asks="De-identify data once it is collected.",
    fact="The newest measurement of each stream of which a set was made for others: the fewest persons who look alike "
    "(k), beside the k that the product file declares. Below it, the set was refused.",
    reads=("customer_data.deidentified", "customer_data.use_measured"),
    decide=decide,
    max_age=timedelta(days=365),
)
