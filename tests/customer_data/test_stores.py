"""The same promises wherever records lie."""

import json
from datetime import timedelta

from careful.customer_data import records_of
from careful.kernel.inbox import Message, to_micros


def test_what_is_stored_is_read_and_taken_away(world, clock):
    records = records_of(world)
    assert records.name == ("inbox" if world.database.is_sqlite else "postgresql")
    records.append([Message("d1", "up/clip", json.dumps({"n": n}).encode(), to_micros(clock.now()), n) for n in (1, 2)])
    assert [(one.topic, json.loads(one.payload)["n"]) for one in records.read("d1")] == [("up/clip", 2), ("up/clip", 1)]
    (old,) = records.oldest({"d1": "cam"}, ())
    assert (old.store, old.product, old.at) == (records.name, "cam", clock.now())
    assert records.delete_of("d1", clock.now() + timedelta(seconds=1), 10) == 2
    assert records.settle()
    assert records.read("d1") == []
