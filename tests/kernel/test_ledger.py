"""Appending, reading, and that number order is commit order."""

import threading

import pytest

from careful.kernel import ledger
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.database import canonical_json


def test_entries_come_back_as_recorded(world, clock, thing_done):
    with world.change(Actor("staff", "ann")) as work:
        work.record(thing_done(thing="a"), thing_done(thing="b", note="ü"))
    with world.look() as connection:
        first, second = ledger.read(connection)
        assert (first.seq, second.seq, ledger.size(connection)) == (0, 1, 2)
        assert second.data == {"thing": "b", "note": "ü"}
        assert (second.actor, second.name, second.subject, second.at) == (
            "staff:ann",
            "test.thing_done",
            "thing/b",
            clock.now(),
        )


def test_reading_a_part(world, thing_done):
    with world.change(SYSTEM) as work:
        work.record(*(thing_done(thing=name) for name in ("a", "a/b", "c_", "cx")))
    with world.look() as connection:
        subjects = lambda **how: [entry.subject for entry in ledger.read(connection, **how)]  # noqa: E731 (one line reads best)
        assert subjects(subject="thing/a") == ["thing/a"]
        assert subjects(subject="thing/") == ["thing/a", "thing/a/b", "thing/c_", "thing/cx"]
        assert subjects(after=1, limit=1) == ["thing/c_"]
        assert subjects(names=["other"]) == []
        assert subjects(newest_first=True, limit=1) == ["thing/cx"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("a", ["thing/a"], id="one"),
        pytest.param("A", ["thing/A"], id="case counts"),
        pytest.param("%", ["thing/%"], id="no wildcard"),
        pytest.param('x","thing":"a', ['thing/x","thing":"a'], id="a text that looks like two fields"),
        pytest.param("b", [], id="none"),
    ],
)
def test_reading_what_names_a_thing(world, thing_done, value, found):
    with world.change(SYSTEM) as work:
        work.record(*(thing_done(thing=name) for name in ("A", "a", "ab", "%", 'x","thing":"a')))
    with world.look() as connection:
        assert [entry.subject for entry in ledger.read(connection, naming=("thing", value), limit=1)] == found
        assert ledger.read(connection, naming=("name", "thing.done")) == []


def test_nothing_is_recorded_when_the_work_fails(world, thing_done):
    with pytest.raises(RuntimeError), world.change(SYSTEM) as work:
        work.record(thing_done(thing="a"))
        raise RuntimeError
    with world.look() as connection:
        assert ledger.size(connection) == 0


def test_writers_side_by_side_leave_one_sound_line(world, thing_done):
    with world.change(SYSTEM) as work:
        work.record(thing_done(thing="first"))

    def write(name):
        for _ in range(10):
            with world.change(SYSTEM) as work:
                work.record(thing_done(thing=name))

    threads = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.look() as connection:
        assert [entry.seq for entry in ledger.read(connection)] == list(range(41))
        assert ledger.read_head(connection).size == 41


def test_canonical_json_is_one_text():
    assert canonical_json({"b": 1, "a": ["ü", None, True]}) == '{"a":["ü",null,true],"b":1}'
