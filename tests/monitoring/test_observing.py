"""What recordings showed, kept with date and source."""

from datetime import UTC, datetime, timedelta

import pytest

from careful import monitoring, products
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound
from careful.monitoring.comparison_store import KEPT_EACH

FIGURES = monitoring.Figures(1, 60, 5, 1, 4, 2, 0, 0, 1, 0, 0)


@pytest.fixture
def keep(world, staff):
    products.declare(world, staff, b"schema: product/1\nproduct: {id: lamp}\n")

    def kept(**what):
        given = {"product": "lamp", "version": 1, "release": "2.0", "source": "packets", "recording": "ab" * 32}
        return monitoring.keep_comparison(
            world, staff, **(given | {"as_of": None, "figures": FIGURES, "found": {"seen": []}} | what)
        )

    return kept


def test_the_newest_stands_first_and_the_ledger_has_the_figures(world, keep, clock):
    recorded = clock.now() - timedelta(days=3)
    keep(as_of=recorded)
    clock.advance(timedelta(hours=1))
    newest = keep(release="2.1", found={"seen": [{"peer": "a.example"}]})
    found = monitoring.comparisons(world, "lamp")
    assert [(one.release, one.as_of) for one in found] == [("2.1", clock.now()), ("2.0", recorded)]
    assert found[0].id == newest
    assert found[0].found == {"seen": [{"peer": "a.example"}]}
    with world.look() as connection:
        first, _ = ledger.read(connection, names=["monitoring.traffic_compared"])
    assert first.data["undeclared"] == 1
    assert first.data["as_of"].startswith(recorded.isoformat()[:10])
    assert "a.example" not in str(first.data)


def test_a_recording_is_never_of_tomorrow(world, keep, clock):
    keep(as_of=datetime(2100, 1, 1, tzinfo=UTC))
    assert monitoring.comparisons(world, "lamp")[0].as_of == clock.now()


def test_no_more_are_kept_than_so_many(world, keep, clock):
    for _ in range(KEPT_EACH + 3):
        clock.advance(timedelta(seconds=1))
        keep()
    assert len(monitoring.comparisons(world, "lamp", 1000)) == KEPT_EACH


def test_what_cannot_be_kept(keep):
    with pytest.raises(Invalid):
        keep(release="x" * 65)
    with pytest.raises(NotFound):
        keep(product="nobody")
