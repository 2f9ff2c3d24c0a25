from careful.kernel.actors import SYSTEM
from careful.updates import store
from careful.updates.model import Member


def test_numbers_rise_by_the_block(world):
    with world.change(SYSTEM) as work:
        assert store.next_number(work.connection, "n") == 1
        assert store.next_number(work.connection, "n", 5) == 2
        assert store.next_number(work.connection, "n") == 7
        assert store.get_number(work.connection, "n") == 7
        store.set_number(work.connection, "n", 40)
        assert store.next_number(work.connection, "n") == 41
        assert store.get_number(work.connection, "other") == 0


def test_a_device_row_keeps_what_is_not_changed(world):
    with world.change(SYSTEM) as work:
        store.turn_device(work.connection, "d", attributes={"a": "b"}, wants_attributes=False)
        store.turn_device(work.connection, "d", action=7)
        row = work.connection.execute(store.device.select()).one()
    assert (row.action, row.attributes, row.wants_attributes, row.change) == (7, {"a": "b"}, False, 2)


def test_many_members_are_changed_at_once_and_only_those_in_the_right_state(world):
    names = [f"d{number:04d}" for number in range(1200)]
    with world.change(SYSTEM) as work:
        values = {
            "id": "r", "product": "p", "version": "1", "release": "x", "state": "running", "reason": "", "limits": {},
            "generation": 1, "asked": [], "opened": {}, "excluded": [], "started_at": work.now,
        }  # fmt: skip
        store.add_rollout(work.connection, values, [Member(device=name, wave=1) for name in names])
        assert store.offer_to(work.connection, "r", names[:1100], work.now, work.now) == names[:1100]
        assert store.set_member(work.connection, "r", names, ("waiting",), state="silent") == names[1100:]
        assert store.take_back(work.connection, "r", names, work.now) == names[:1100]
        assert store.next_generation(work.connection, "r", 1)
        assert not store.next_generation(work.connection, "r", 1)
        assert not store.lock_rollout(work.connection, "other")
