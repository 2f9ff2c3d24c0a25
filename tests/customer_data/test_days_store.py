"""What lies in a day, remembered until something is added to it."""

from datetime import UTC, date, datetime

from careful.customer_data import days_store

DAY = date(2026, 11, 2)
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
CLIP = {("cam", "up/clip"): ("d1", AT), ("", "up/stray"): ("d9", AT)}


def test_remembered_once_the_day_was_read(database):
    def do(act, *given):
        with database.transaction("write") as connection:
            return act(connection, *given)

    assert do(days_store.remembered, DAY) is None
    do(days_store.begin, DAY, AT)
    assert do(days_store.remembered, DAY) == {}
    do(days_store.remember, DAY, CLIP)
    do(days_store.remember, DAY, CLIP)
    assert do(days_store.remembered, DAY) == CLIP
    do(days_store.begin, DAY, AT)
    do(days_store.forget, [DAY])  # something was added while the day was read
    do(days_store.remember, DAY, CLIP)
    assert do(days_store.remembered, DAY) is None
