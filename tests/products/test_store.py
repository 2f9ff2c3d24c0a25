from datetime import UTC, date, datetime

from careful.kernel.actors import SYSTEM
from careful.kernel.work import World
from careful.products import store

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def test_versions_are_kept_and_the_product_knows_the_newest(world: World):
    with world.change(SYSTEM) as work:
        assert store.lock(work.connection, "a") is None
        assert store.claim(work.connection, "a").newest == 0
        store.add_version(work.connection, "a", 1, "d1", b"one", NOW)
        store.add_version(work.connection, "a", 2, "d2", b"two", NOW)
    with world.change(SYSTEM) as work:
        row = store.lock(work.connection, "a")
        assert row is not None
        assert (row.newest, row.approved) == (2, None)
        assert store.claim(work.connection, "a").newest == 2
        first = store.version_row(work.connection, "a", 1)
        assert (first.digest, first.text, first.declared_at) == ("d1", b"one", NOW)


def test_approving_marks_product_and_version(world: World):
    with world.change(SYSTEM) as work:
        store.claim(work.connection, "a")
        store.add_version(work.connection, "a", 1, "d1", b"one", NOW)
        store.approve(work.connection, "a", 1, NOW)
        store.change(work.connection, "a", {"published_until": "2031-12-31"})
    with world.change(SYSTEM) as work:
        row = store.lock(work.connection, "a")
        assert row is not None
        assert (row.approved, row.approved_at) == (1, NOW)
        assert store.version_row(work.connection, "a", 1).approved_at == NOW
        assert store.day(row.published_until) == date(2031, 12, 31)


def test_no_day_is_none():
    assert store.day(None) is None
