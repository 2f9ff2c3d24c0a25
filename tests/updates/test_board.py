import pytest

from careful import updates


class Watch:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def cam(maker):
    maker.release("1.0.1")
    return maker.device("cam-1-001")


def test_a_board_answers_from_memory_until_it_is_stale(world, staff, cam, watch):
    board = updates.Board(world, fresh=1.0, monotonic=watch)
    assert board.peek(cam) is None
    assert board.get(cam).action is None
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    assert board.peek(cam).action is None
    watch.at = 1.0
    assert board.peek(cam) is None
    order = updates.order_for(world, cam)
    assert board.look(cam).action == order.id
    assert board.peek(cam).action == order.id


def test_one_looks_and_the_others_need_not_wait(world, watch):
    board = updates.Board(world, fresh=1.0, monotonic=watch)
    board.get("a")
    watch.at = 1.0
    assert board.peek("a") is None
    assert board.peek("a") is not None
    watch.at = 7.0  # whoever should have looked did not come back
    assert board.peek("a") is None
    assert board.peek("a") is None


def test_only_what_changed_is_asked_for_again(world, maker, cam, watch):
    other = maker.device("cam-1-002")
    board = updates.Board(world, fresh=1.0, monotonic=watch)
    before = board.get(cam), board.get(other)
    updates.describe(world, other, "merge", {"version": "1.0.0"})
    watch.at = 2.0
    assert board.get(cam) is before[0]
    assert board.get(other) != before[1]
    assert not board.get(other).wants_attributes


def test_a_board_is_bounded(world, watch):
    board = updates.Board(world, fresh=1.0, most=2, monotonic=watch)
    for name in ("a", "b", "c"):
        board.get(name)
    assert [board.peek(name) is None for name in ("a", "b", "c")] == [True, False, False]


def test_what_a_device_did_itself_is_asked_for_at_once(world, staff, cam, watch):
    board = updates.Board(world, fresh=1e9, monotonic=watch)
    board.get(cam)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    assert board.get(cam).action is None
    board.forget(cam)
    assert board.get(cam).action is not None


def test_unknown_devices_do_not_keep_the_known_ones_from_growing_fresh(world, staff, cam, watch):
    board = updates.Board(world, fresh=1.0, monotonic=watch)
    board.get(cam)
    updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    updates.advance(world)
    for tenth in range(1, 11):
        watch.at = tenth / 10
        board.get(f"new-{tenth}")
    assert board.get(cam).action is not None
