from careful.monitoring import recorded


def test_the_door_opens_to_what_it_names():
    assert all(hasattr(recorded, name) for name in recorded.__all__)
