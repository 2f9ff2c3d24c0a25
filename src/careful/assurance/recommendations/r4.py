"""R4: flaws in third-party components, shown by the share of components that could be looked up."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value


def decide(facts: Facts) -> Iterator[Finding]:
    """Look at the newest signed release of each product."""
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
        else:
            yield Finding(Value.MET, f"All {total} components of {name} were looked up.", (matched,), product)


RECOMMENDATION = Recommendation(
    id="R4",
    title="Third-party components",
    asks="Check for vulnerabilities in third-party components.",
    fact="How many components of the newest signed release could be looked up.",
    reads=("releases.signed", "vulnerabilities.release_matched"),
    decide=decide,
)
