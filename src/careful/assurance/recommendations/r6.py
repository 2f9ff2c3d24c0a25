"""R6: credible warnings are investigated, mended, and customers are told."""

from collections.abc import Iterator

from careful.assurance.judging import Facts, Finding, Recommendation, Value, span


def decide(facts: Facts) -> Iterator[Finding]:
    """Follow every case that a person confirmed to the owners being told."""
    confirmed = facts.all("vulnerabilities.judged", status="affected")
    if not confirmed:
        yield Finding(Value.NOT_APPLICABLE, "No flaw has been confirmed in a product yet.")
    for case in sorted({entry.data["case"] for entry in confirmed}):
        judged = facts.first("vulnerabilities.judged", case=case, status="affected")
        told = facts.last("notices.owners_told", case=case)
        if judged is None:
            continue
        flaw = f"{judged.data['flaw']} in {judged.data['product']}"
        if told is None:
            yield Finding(
                Value.NOT_MET,
                f"{flaw} was confirmed {span(facts.now - judged.at)} ago and no owner has been told.",
                (judged,),
                judged.data["product"],
            )
        else:
            yield Finding(
                Value.MET,
                f"{flaw}: {told.data['told']} owners told {span(told.at - judged.at)} after it was confirmed.",
                (judged, told),
                judged.data["product"],
            )


RECOMMENDATION = Recommendation(
    id="R6",
    title="Warnings acted upon",
    asks="Investigate credible warnings, fix them quickly, and reach out to customers.",
    fact="For each confirmed flaw, whether its owners were told.",
    reads=("vulnerabilities.judged", "notices.owners_told"),
    decide=decide,
)
