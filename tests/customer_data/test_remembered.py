"""What doors remember beyond a restart, on both databases."""

from datetime import timedelta

from careful import customer_data
from careful.customer_data import Used


def test_a_mark_is_new_once(world):
    assert customer_data.first_counted(world, []) == set()
    assert customer_data.first_counted(world, [b"a", b"b"]) == {b"a", b"b"}
    assert customer_data.first_counted(world, [b"b", b"c"]) == {b"c"}
    world.clock.advance(timedelta(days=world.settings.inbox_days, minutes=1))
    assert customer_data.forget_remembered(world) == 3
    assert customer_data.first_counted(world, [b"a"]) == {b"a"}


def test_the_later_word_about_a_device_holds(world):
    now = world.clock.now()
    first, later, other = Used("d", "n", now, 1, 10), Used("d", "n", now, 2, 20), Used("e", "n", now, 1, 1)
    customer_data.note_used(world, [first, later, other])
    assert customer_data.used_by(world, "d") == (later,)
    customer_data.note_used(world, [])
    world.clock.advance(timedelta(days=1, minutes=1))
    assert customer_data.used_by(world, "d") == ()
    assert customer_data.forget_remembered(world) == 2
    assert customer_data.forget_remembered(world) == 0
