"""A8: who needs access: personal values open only to declared roles for declared purposes, and never in bulk."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span
from careful.kernel.clock import from_iso

_BULK_COUNTS = timedelta(days=30)
_SHOWN = 3
_TOKEN_DAYS = timedelta(days=90, minutes=1)


def decide(facts: Facts) -> Iterator[Finding]:
    """Look for bulk reads, and per product at whether it is said who may read each personal field."""
    for stopped in facts.all("customer_data.bulk_read_stopped"):
        ago = facts.now - stopped.at
        if ago <= _BULK_COUNTS:
            said = stopped.data
            what = f"personal values of {said['devices']} devices in {said['minutes']} minutes, limit {said['limit']}"
            says = f"{said['reader']} began to read {what}, {span(ago)} ago; it was stopped."
            yield Finding(Value.NOT_MET, says, (stopped,))
    yield from _tokens(facts)
    for product in facts.products():
        measured = facts.last("customer_data.use_measured", product=product)
        if measured is None:
            says = f"Who may read what {product} collects was never looked through."
            yield Finding(Value.UNKNOWN, says, (), product)
        elif not measured.data["personal"]:
            yield Finding(Value.NOT_APPLICABLE, f"{product} collects nothing personal.", (measured,), product)
        elif measured.data["without_role"]:
            fields = measured.data["without_role"]
            more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
            says = f"{product} does not say which roles may read {', '.join(fields[:_SHOWN])}{more}; nobody may."
            yield Finding(Value.UNKNOWN, says, (measured,), product)
        else:
            reads = sum(one.data["reads"] for one in facts.all("customer_data.was_read", product=product))
            says = f"{product}: each personal field names the roles that may read it; {reads} reads are on record."
            yield Finding(Value.MET, says, (measured,), product)


def _tokens(facts: Facts) -> Iterator[Finding]:
    """Look at the API tokens that open personal values: each has an end, within 90 days."""
    revoked = {one.data["token"] for one in facts.all("people.token_revoked")}
    good = [
        one
        for one in facts.all("people.token_issued")
        if "data:open" in one.data["scopes"]
        and one.data["token"] not in revoked
        and from_iso(one.data["expires_at"]) > facts.now
    ]
    for one in good:
        if from_iso(one.data["expires_at"]) - one.at > _TOKEN_DAYS:
            yield Finding(Value.NOT_MET, "An API token opens personal values for more than 90 days; revoke it.", (one,))
    if good:
        last = max(from_iso(one.data["expires_at"]) for one in good)
        says = f"API tokens that open personal values: {len(good)}; the last ends on {last:%d %B %Y}."
        yield Finding(Value.MET, says, (good[-1],))


RECOMMENDATION = Recommendation(
    id="A8",
    title="Access by need",
    asks="Think about who needs access: not every employee or vendor needs customers' sensitive data.",
    fact="Personal fields without a declared role, looked through daily; reads by purpose; bulk reads in 30 days.",
    reads=(
        "people.token_issued",
        "people.token_revoked",
        "customer_data.use_measured",
        "customer_data.was_read",
        "customer_data.bulk_read_stopped",
    ),
    decide=decide,
    max_age=timedelta(days=3),
)
