"""P5: more than one factor for the maker's own systems, shown by how people with weighty roles came in."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value

ROLES = frozenset(
    {
        "administrator", "product-security-lead", "release-manager", "firmware-engineer", "support", "privacy-officer",
        "executive",
    }
)  # fmt: skip
"""Who can sign, release, read customers' data or change who may."""
_GRANTS = ("people.account_created", "people.roles_changed", "people.roles_mapped", "people.account_provided")
_COUNTED = timedelta(days=30)
ELSEWHERE = "Nothing tells us of the second factor at the source host, the cloud or the signing service: not connected."


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at how each person whose roles weigh came in, within 30 days of the newest time that anybody did."""
    newest = facts.last("people.signed_in")
    if newest is None:
        return
    for account in sorted(_weighty(facts)):
        came = [one for one in facts.all("people.signed_in", account=account) if newest.at - one.at <= _COUNTED]
        weak = [one for one in came if "passkey" not in one.data["how"] and one.data["how"] != "enrolment"]
        if weak:
            yield Finding(
                Value.NOT_MET,
                f"Account {account} came in by {weak[-1].data['how']}; its roles weigh, so it should use a passkey,"
                " which cannot be phished.",
                (weak[-1],),
            )
        elif came:
            yield Finding(Value.MET, f"Account {account} came in by passkey.", (came[-1],))
    yield Finding(Value.UNKNOWN, ELSEWHERE, (newest,))


def _weighty(facts: Facts) -> set[str]:
    """Return the accounts whose newest grant has a role that weighs, and that were not disabled."""
    grants = sorted((one for name in _GRANTS for one in facts.all(name)), key=lambda one: one.seq)
    roles = {one.data["account"]: set(one.data.get("roles", ())) for one in grants}
    gone = {one.data["account"] for one in facts.all("people.account_disabled")}
    return {account for account, held in roles.items() if held & ROLES and account not in gone}


RECOMMENDATION = Recommendation(
    id="P5",
    title="More than one factor for your own systems",
    asks="Secure your own systems with more than one factor.",
    fact="How people whose roles weigh came in during 30 days; systems elsewhere are not connected.",
    reads=(*_GRANTS, "people.account_disabled", "people.signed_in"),
    decide=decide,
    max_age=timedelta(days=30),
)
