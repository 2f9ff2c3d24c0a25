"""Keeping what is remembered, and saying that somebody watches."""

from careful import monitoring
from careful.kernel import ledger


def test_what_is_kept_is_found_again(world):
    monitoring.keep(world, {"d1": b"a", "d2": b"b"})
    monitoring.keep(world, {"d1": b"c"})
    assert monitoring.kept(world, ["d1", "d2", "d3"]) == {"d1": b"c", "d2": b"b"}


def test_many_are_kept_in_parts(world):
    monitoring.keep(world, {f"d{number}": b"x" for number in range(1201)})
    assert len(monitoring.kept(world, [f"d{number}" for number in range(1300)])) == 1201


def test_watching_is_on_record(world):
    monitoring.note_watched(world, "mqtt", 12, 3400, 1)
    with world.look() as connection:
        [entry] = ledger.read(connection, names=["monitoring.watched"])
    assert entry.data == {"source": "mqtt", "devices": 12, "windows": 3400, "detections": 1}
