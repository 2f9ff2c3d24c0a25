"""Sending so much that it serves as a weapon."""

import pytest

from careful.monitoring.detections.flood import Memory, detect, usual_limit
from careful.monitoring.model import Expected, Rate
from careful.monitoring.numbers import Baseline, steady

PARTLY = Expected(
    "cam-9", rates={"slow": Rate(5, None, 60)}, streams={"slow": frozenset("n"), "telemetry": frozenset("n")}
)
CASES = {
    "a declared period at once": ({"messages": {"up/telemetry": 60}}, None),
    "a flood of messages": ({"messages": {"up/telemetry": 500}}, "messages"),
    "a flood of refused ones": ({"refusals": {"malformed-payload": 500}}, "messages"),
    "a flood over ten seconds is judged by the second": ({"messages": {"up/telemetry": 500}, "seconds": 10.0}, None),
    "a flood of packets": ({"counters": {"packets_out": 9_000.0}}, "packets"),
    "many connections": ({"connects": 25}, "connections"),
    "a few connections": ({"connects": 5}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case, expected, a_window):
    what, cause = CASES[case]
    found, _ = detect(a_window(**what), expected, Memory())
    assert (found and found.cause.split("|")[2]) == cause
    assert found is None or found.action == ("alert" if found.limit_from == "built-in" else "quarantine")


def test_without_rates_the_own_past_decides():
    assert usual_limit(Baseline()) == 200
    usual = Baseline(steady(20), 1.0, 500)
    assert 200 < usual_limit(usual) < 450
    assert usual_limit(Baseline(steady(1), 1.0, 500)) == pytest.approx(68, abs=1)
    assert usual_limit(Baseline(steady(0.1), 1.0, 500)) == 50


@pytest.mark.parametrize(
    ("what", "limit_from"),
    [
        ({"messages": {"up/telemetry": 100}}, None),
        ({"messages": {"up/telemetry": 100}, "refusals": {"wrong-type": 90}}, None),
        ({"messages": {"up/slow": 100}}, "declaration"),
        ({"messages": {"up/telemetry": 300}}, "built-in"),
    ],
)
def test_a_rate_speaks_of_its_own_data_item_alone(what, limit_from, a_window):
    found, _ = detect(a_window(**what), PARTLY, Memory())
    assert (found and found.limit_from) == limit_from


def test_fields_that_were_left_out_are_no_messages_of_their_own(expected, a_window):
    one = a_window(messages={"up/telemetry": 1}, refusals={"undeclared-field": 64}, left_out=64)
    assert detect(one, expected, Memory())[0] is None


def test_connections_add_up_over_ten_seconds(expected, a_window):
    memory, fired = Memory(), []
    for second in range(10):
        found, memory = detect(a_window(start=1e6 + second, connects=3), expected, memory)
        fired += [found] if found else []
    assert len(fired) == 4


def test_what_was_saved_up_while_away_may_come_at_once_but_not_more(expected, a_window):
    memory = detect(a_window(messages={"up/telemetry": 1}), expected, Memory())[1]
    for _ in range(30):  # it uses up what it may
        memory = detect(a_window(start=memory.seen, messages={"up/telemetry": 10}), expected, memory)[1]
    back = a_window(start=memory.seen + 36_000, messages={"up/telemetry": 500})  # ten hours of sixty each
    assert detect(back, expected, memory)[0] is None
    soon = a_window(start=memory.seen + 60, messages={"up/telemetry": 500})
    assert detect(soon, expected, memory)[0] is not None


def test_coming_back_to_send_more_than_declared_cuts_off(expected, a_window):
    memory, actions = Memory(), []
    for second in range(2):
        found, memory = detect(a_window(start=1e6 + second, refusals={"over-rate": 15}), expected, memory)
        actions.append(found and found.action)
    assert actions == [None, "quarantine"]


def test_an_honest_client_that_sends_too_much_and_waits_before_it_comes_back_is_no_flood(expected, a_window):
    memory = Memory()
    for second in range(600):
        found, memory = detect(a_window(start=1e6 + second, refusals={"over-rate": 5}, connects=1), expected, memory)
        assert found is None
