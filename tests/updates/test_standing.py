from careful import updates
from careful.updates.standing import published


def test_before_there_is_a_repository(world, maker):
    maker.declare()
    found = published(world, "cam-1")
    assert (found.versions, found.targets, found.keys_here) == ({}, (), ())


def test_what_is_in_force_and_which_keys_are_here(world, staff, maker, tmp_path):
    maker.release("1.0.0")
    found = published(world, "cam-1")
    assert found.versions == {"root": 1, "targets": 1, "releases": 2, "snapshot": 2, "timestamp": 2}
    assert set(found.expires) == set(found.versions)
    assert found.targets == ("1.0.0/cam-1-1.0.0.img",)
    assert (len(found.keys_here), found.keys_away) == (9, ())
    updates.export_keys(world, staff, "cam-1", tmp_path / "stick", ["root"])
    assert len(published(world, "cam-1").keys_away) == 3
