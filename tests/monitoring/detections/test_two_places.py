"""One identity in two places."""

from careful.monitoring.detections.two_places import Memory, detect


def run(expected, windows):
    memory, found = Memory(), []
    for one in windows:
        detection, memory = detect(one, expected, memory)
        found += [detection] if detection else []
    return found


def test_a_fork_cuts_off(expected, a_window):
    [found] = run(expected, [a_window(forks=1, connects=1)])
    assert (found.action, found.cause) == ("quarantine", "two_places|cam-9|fork")


def test_one_takeover_is_a_reconnection_and_three_are_two_devices(expected, a_window):
    once = [a_window(counters={"overlaps": 1.0}, start=1e6)]
    assert run(expected, once) == []
    [found] = run(expected, [a_window(counters={"overlaps": 1.0}, start=1e6 + 20 * n) for n in range(3)])
    assert (found.action, found.cause) == ("alert", "two_places|cam-9|overlap")
    assert run(expected, [a_window(counters={"overlaps": 1.0}, start=1e6 + 600 * n) for n in range(9)]) == []


def test_coming_without_a_nonce_is_shown(expected, a_window):
    [found] = run(expected, [a_window(counters={"unchained": 1.0}, connects=1)])
    assert (found.action, found.cause) == ("alert", "two_places|cam-9|unchained")


def moves(a_window, networks, step=60.0):
    return [a_window(start=1e6 + step * n, networks=frozenset({one})) for n, one in enumerate(networks)]


def test_moving_house_is_no_alarm_and_jumping_to_and_fro_is(expected, a_window):
    assert run(expected, moves(a_window, "AABBBCCC")) == []
    assert run(expected, moves(a_window, "ABA")) == []
    found = run(expected, moves(a_window, "ABABA"))
    assert found[0].cause == "two_places|cam-9|networks"
    assert run(expected, moves(a_window, "ABABA", step=3600.0)) == []
