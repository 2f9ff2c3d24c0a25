"""Ids are short, plain and do not meet."""

from careful.kernel.ids import new_id


def test_ids():
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(one) == 13 and one.isalnum() and one == one.lower() for one in made)
