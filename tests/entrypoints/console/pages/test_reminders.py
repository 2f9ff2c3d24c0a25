"""What Today reminds of: evidence and contracts that end, answers, and tokens."""

from datetime import date, timedelta

from careful import people, suppliers
from careful.entrypoints.console.pages import reminders
from careful.kernel.actors import OPERATOR, Actor
from careful.kernel.clock import ManualClock
from careful.kernel.work import World


def test_each_thing_when_its_time_comes(world: World, staff: Actor, clock: ManualClock) -> None:
    def said() -> list[str]:
        return [row[0] for row in reminders.pressing(world)]

    assert said() == []
    suppliers.record(world, staff, "acme", name="Acme")
    evidence = suppliers.give_evidence(
        world, staff, "acme", kind="other", title="x", until=date(2026, 12, 20), reference="y"
    )
    assert said() == ["Look at the evidence of Acme"]
    suppliers.accept_evidence(world, staff, evidence)
    assert said() == []
    item = suppliers.ask(world, staff, "acme", "Anything?", date(2026, 11, 10))
    suppliers.note_contract(
        world, staff, "acme", signed=date(2026, 1, 1), until=date(2026, 12, 10), clauses={"encrypt": None}
    )
    people.issue_token(world, OPERATOR, "CI", ["cases:read"], 30)
    clock.advance(timedelta(days=20))
    assert said() == [
        "Ask Acme for new evidence",
        "Renew the contract with Acme",
        "Remind Acme",
        "Replace the API token CI",
    ]
    suppliers.answer(world, staff, item, "no")
    assert "Read the answer of Acme" in said()
    suppliers.end(world, staff, "acme", "done")
    assert said() == ["Replace the API token CI"]
