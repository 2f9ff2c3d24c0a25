"""What devices used of their rates: bounded in memory, written bit by bit, and of two doors' words the later holds."""

from datetime import UTC, datetime

import pytest

from careful.customer_data import Used
from careful.entrypoints.gateway import spending
from careful.entrypoints.gateway.spending import Spending, later

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_a_devices_memory_is_kept_within_bounds(monkeypatch):
    monkeypatch.setattr(spending, "SPENT_MOST", 2)
    door = Spending(lambda: 1000.0)
    first = door.of("a", (), NOW)
    first["item"] = (0.0, 1, 1)
    door.of("b", (), NOW)
    assert door.of("a", (), NOW) is first
    door.of("c", (), NOW)
    assert door.of("b", (), NOW) == {}
    assert door.of("a", (), NOW) == {}


def test_only_what_changed_is_written_a_few_devices_at_a_time(monkeypatch):
    monkeypatch.setattr(spending, "AT_ONCE", 2)
    door = Spending(lambda: 1000.0)
    for name in "abc":
        door.of(name, (), NOW).update({"long": (940.0, 2, 50), "short": (999.0, 1, 1)})
    assert door.changed(NOW, everything=True) == []  # nobody has a rate for an hour or a day
    door.watch({"long"})
    found = [door.changed(NOW, everything=False) for _ in range(3)]
    assert [[one.device for one in some] for some in found] == [["a", "b"], ["c"], []]
    assert found[0][0] == Used("a", "long", NOW.replace(hour=8, minute=59), 2, 50)
    door.of("b", (), NOW)["long"] = (940.0, 3, 60)
    (again,) = door.changed(NOW, everything=True)
    assert (again.device, again.messages) == ("b", 3)
    door.put_back([again])
    assert door.changed(NOW, everything=True) == [again]


CASES = {
    "nothing here": (None, (5.0, 1, 1), (5.0, 1, 1)),
    "a later time elsewhere": ((5.0, 9, 9), (50.0, 1, 1), (50.0, 1, 1)),
    "a later time here": ((50.0, 1, 1), (5.0, 9, 9), (50.0, 1, 1)),
    "the same time": ((5.0, 3, 10), (6.0, 2, 90), (5.0, 3, 90)),
}


@pytest.mark.parametrize(("ours", "theirs", "found"), CASES.values(), ids=CASES)
def test_of_two_doors(ours, theirs, found):
    assert later(ours, theirs) == found


def test_what_another_door_wrote_counts_here():
    door = Spending(lambda: 1000.0)
    used = Used("a", "long", NOW.replace(hour=8), 7, 70)
    assert door.of("a", (used,), NOW) == {"long": (-2600.0, 7, 70)}
