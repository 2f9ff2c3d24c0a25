"""All tables of the kernel are known in one place."""

from careful.kernel import store
from careful.kernel.database import metadata


def test_each_is_among_all_tables():
    assert {one.name for one in store.TABLES} <= set(metadata.tables)
