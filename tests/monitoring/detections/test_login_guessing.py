"""Many logins tried at one service."""

import pytest

from careful.monitoring.detections.login_guessing import MOST, Memory, detect

START = 1_000_000.0


def tries(a_flow, count, **what):
    given = {"host": None, "peer": "192.168.1.9", "port": 22, "at": START + 0.5} | what
    return tuple(a_flow(**given) for _ in range(count))


CASES = {
    "a few": (lambda flow: tries(flow, MOST), None),
    "many": (lambda flow: tries(flow, MOST + 1), "quarantine"),
    "many of the web": (lambda flow: tries(flow, 90, port=443), None),
    "one that goes on": (lambda flow: tries(flow, 90, at=START, seconds=50.0), None),
    "many at it": (lambda flow: tries(flow, 40, opened_by_device=False), "alert"),
    "many machines": (
        lambda flow: tuple(one for n in range(40) for one in tries(flow, 1, peer=f"192.168.1.{n}")),
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window, a_flow):
    make, action = CASES[case]
    found, _ = detect(a_window(flows=make(a_flow)), expected, Memory())
    assert (found and found.action) == action


def test_a_minute_adds_up(expected, a_window, a_flow):
    memory, fired = Memory(), []
    for second in range(100):
        start = START + second * 5
        found, memory = detect(a_window(start=start, flows=tries(a_flow, 1, at=start + 0.5)), expected, memory)
        fired.append(found)
    assert not any(fired)
