"""R4: flaws in third-party components, shown by the share of components that could be looked up."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span, true_time
from careful.assurance.lists import MAX_AGE, READS, newest


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest signed release of each product, and at the age of the lists that it was looked up in."""
    old = [(taken, feed) for feed, taken in newest(facts).items() if taken and facts.now - true_time(taken) > MAX_AGE]
    for product in facts.products():
        signed = facts.last("releases.signed", product=product)
        if signed is None:
            yield Finding(Value.NOT_APPLICABLE, f"{product} has no signed release.", (), product)
            continue
        name = f"{product} {signed.data['version']}"
        matched = facts.last("vulnerabilities.release_matched", release=signed.data["release"])
        if matched is None:
            yield Finding(Value.UNKNOWN, f"The components of {name} were never looked up.", (signed,), product)
            continue
        total, unmatched = matched.data["components"], matched.data["unmatched"]
        if total == 0:
            yield Finding(Value.UNKNOWN, f"{name} lists no components at all.", (matched,), product)
        elif unmatched:
            yield Finding(
                Value.UNKNOWN,
                f"{unmatched} of {total} components of {name} could not be looked up: "
                "'no known flaws' would be a guess for them.",
                (matched,),
                product,
            )
        elif old:
            taken, feed = min(old, key=lambda one: true_time(one[0]))
            yield Finding(
                Value.UNKNOWN,
                f"All {total} components of {name} were looked up, but {feed} is {span(facts.now - true_time(taken))} "
                "old: what became known of them since is not known.",
                (matched, taken),
                product,
            )
        else:
            yield Finding(Value.MET, f"All {total} components of {name} were looked up.", (matched,), product)


RECOMMENDATION = Recommendation(
    id="R4",
    title="Third-party components",
    asks="Check for vulnerabilities in third-party components.",
    fact="How many components of the newest signed release could be looked up, and in lists of what age.",
    reads=("releases.signed", "vulnerabilities.release_matched", *READS),
    decide=decide,
)
