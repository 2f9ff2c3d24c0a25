"""C13: a patch is effective only where it is installed; an advisory stays open until every device is accounted for."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span


def decide(facts: Facts) -> Iterator[Finding]:
    """Look, for each published advisory, whether its case closed with every exposed device accounted for."""
    published = facts.all("notices.advisory_published")
    if not published:
        yield Finding(Value.NOT_APPLICABLE, "No advisory has been published yet.")
    for case in sorted({entry.data["case"] for entry in published}):
        advisory = facts.first("notices.advisory_published", case=case)
        closed = facts.last("vulnerabilities.case_closed", case=case)
        if advisory is None:
            continue
        flaw = f"{advisory.data['flaw']} in {advisory.data['product']}"
        if closed is None:
            yield Finding(
                Value.NOT_MET,
                f"{flaw}: published {span(facts.now - advisory.at)} ago, and not every device is fixed.",
                (advisory,),
            )
            continue
        exposed, fixed, accounted = (closed.data[name] for name in ("exposed", "fixed", "accounted"))
        value = Value.MET if fixed + accounted >= exposed else Value.NOT_MET
        yield Finding(
            value, f"{flaw}: {fixed} of {exposed} devices fixed, {accounted} accounted for by name.", (closed,)
        )


RECOMMENDATION = Recommendation(
    id="C13",
    title="Installed, not only published",
    asks="See to it that customers install the patch: publishing is not the end.",
    fact="For each advisory, how many exposed devices are fixed or accounted for.",
    reads=("notices.advisory_published", "vulnerabilities.case_closed"),
    decide=decide,
)
