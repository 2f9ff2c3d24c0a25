"""Failing to sign in, again and again."""

from careful.monitoring.detections.refused_logins import MOST, Memory, detect


def run(expected, a_window, counts, step=1.0):
    memory, found = Memory(), []
    for number, count in enumerate(counts):
        detection, memory = detect(a_window(start=1e6 + step * number, refused_logins=count), expected, memory)
        found += [detection] if detection else []
    return found


def test_five_within_ten_seconds(expected, a_window):
    assert run(expected, a_window, [MOST])
    assert run(expected, a_window, [1] * MOST)
    assert not run(expected, a_window, [MOST - 1])


def test_more_slowly_is_not_found(expected, a_window):
    assert not run(expected, a_window, [1] * 20, step=3.0)


def test_the_device_is_not_cut_off_for_what_strangers_do(expected, a_window):
    assert run(expected, a_window, [500])[0].action == "alert"
