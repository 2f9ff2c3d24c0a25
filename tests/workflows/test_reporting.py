"""One matter from awareness to its last report, by the sentences that people read."""

import pytest
from village import NEW, STAFF, Village

from careful import obligations
from careful.kernel.errors import NotFound
from careful.workflows import reporting as flow

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def states(village: Village, matter: str) -> list[str]:
    return [status.state for _, status in flow.progress(village.world, matter)]


def test_from_awareness_to_the_last_report(village: Village) -> None:
    case = village.affected()
    assert states(village, case.id) == ["done", "now", "now", "waiting"]
    village.later(hours=25)
    village.work()
    assert states(village, case.id) == ["done", "blocked", "now", "waiting"]
    assert obligations.matter(village.world, case.id).of("missed")
    for report in ("early-warning", "notification"):
        obligations.submitted(village.world, STAFF, case.id, report, "R")
    village.ship(NEW, "pillow==10.0.1")
    village.work()
    assert states(village, case.id) == ["done", "done", "done", "now"]
    says = dict(flow.progress(village.world, case.id))["Final report"].says
    assert says.startswith("14 days from when a measure was available")
    obligations.submitted(village.world, STAFF, case.id, "final", "R")
    assert states(village, case.id) == ["done"] * 4


def test_no_such_matter(village: Village) -> None:
    with pytest.raises(NotFound):
        flow.progress(village.world, "nope")
