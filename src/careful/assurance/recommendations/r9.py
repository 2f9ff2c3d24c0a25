"""R9: a secure update process, shown by real devices refusing what is wrong."""

from collections.abc import Iterator
from datetime import timedelta

from careful.assurance.judging import Facts, Finding, Recommendation, Value

KEYS = ("root", "targets", "build", "release", "director", "snapshot", "timestamp")
KINDS = {"tampered": "an altered image", "rollback": "an older version", "wrong_model": "another model's image"}


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest rehearsal of each kind for each product that has a signed release."""
    for product in facts.products():
        if facts.first("releases.signed", product=product) is None:
            yield Finding(Value.NOT_APPLICABLE, f"{product} has no signed release.", (), product)
            continue
        versions = {entry.data.get("version") for entry in facts.all("releases.signed", product=product)}
        missing = []
        for kind, what in KINDS.items():
            if kind == "rollback" and len(versions) == 1:
                yield Finding(Value.NOT_APPLICABLE, f"{product} has no older version to offer.", (), product)
                continue
            held = facts.last("updates.drill_held", product=product, kind=kind)
            failed = facts.last("updates.drill_failed", product=product, kind=kind)
            if failed and (held is None or failed.seq > held.seq):
                yield Finding(Value.NOT_MET, f"A device of {product} installed {what}.", (failed,), product)
            elif held:
                yield Finding(Value.MET, f"A device of {product} refused {what}.", (held,), product)
            else:
                missing.append(what)
        yield from _directed(facts, product)
        yield from _keys(facts, product)
        if missing:
            yield Finding(
                Value.UNKNOWN, f"No device of {product} was ever offered {' or '.join(missing)}.", (), product
            )


def _directed(facts: Facts, product: str) -> Iterator[Finding]:
    """Look at the newest rehearsal that only clients with a director can pass, where there was one."""
    held = facts.last("updates.drill_held", product=product, kind="wrong_device")
    failed = facts.last("updates.drill_failed", product=product, kind="wrong_device")
    if failed and (held is None or failed.seq > held.seq):
        yield Finding(Value.NOT_MET, f"A device of {product} took another device's order.", (failed,), product)
    elif held:
        yield Finding(Value.MET, f"A device of {product} refused another device's order.", (held,), product)


def _keys(facts: Facts, product: str) -> Iterator[Finding]:
    """Look at the newest rehearsal of a stolen key of each role, where there was one."""
    for role in KEYS:
        held = facts.last("updates.key_drill_held", product=product, role=role)
        failed = facts.last("updates.key_drill_failed", product=product, role=role)
        if failed and (held is None or failed.seq > held.seq):
            says = f"A client took what a revoked {role} key of {product} had signed."
            yield Finding(Value.NOT_MET, says, (failed,), product)
        elif held:
            says = f"A client refused what a revoked {role} key of {product} had signed, and followed the new one."
            yield Finding(Value.MET, says, (held,), product)


RECOMMENDATION = Recommendation(
    id="R9",
    title="Secure updates",
    asks="Make sure that the process of updating is itself secure.",
    fact="The newest answer of a real device to an altered image, an older version and another model's image, and the"
    " newest rehearsal of each stolen key.",
    reads=(
        "releases.signed",
        "updates.drill_held",
        "updates.drill_failed",
        "updates.key_drill_held",
        "updates.key_drill_failed",
    ),
    decide=decide,
    max_age=timedelta(days=90),
)
