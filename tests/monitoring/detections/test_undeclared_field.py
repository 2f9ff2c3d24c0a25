"""Sending a field that nobody declared."""

import dataclasses

from careful.monitoring.detections.undeclared_field import Memory, detect


def test_nothing_refused_is_nothing_found(expected, a_window):
    assert detect(a_window(messages={"up/telemetry": 5}), expected, Memory())[0] is None


def test_one_refused_field_is_found_and_named(expected, a_window):
    found, memory = detect(a_window(undeclared={"telemetry.owner_email": 2, "telemetry.zone": 1}), expected, Memory())
    assert found.observed == 3
    assert (found.cause, found.names) == ("undeclared_field|cam-9", ("telemetry.owner_email", "telemetry.zone"))
    assert found.is_fresh
    assert "and 1 more" in found.says
    found, _ = detect(a_window(undeclared={"telemetry.zone": 1}), expected, memory)
    assert not found.is_fresh


def test_the_cause_has_the_release_only_where_it_is_one_of_ours(expected, a_window):
    ours = dataclasses.replace(expected, release="1.0.0")
    assert detect(a_window(undeclared={"t.x": 1}), ours, Memory())[0].cause == "undeclared_field|cam-9|1.0.0"
    made_up = a_window(undeclared={"t.x": 1}, release="made up")
    assert detect(made_up, expected, Memory())[0].cause == "undeclared_field|cam-9"


def test_who_makes_names_up_is_news_so_often_an_hour_and_no_more(expected, a_window):
    memory, causes, fresh = Memory(), set(), 0
    for second in range(3000):
        window = a_window(start=1e6 + second, undeclared={f"telemetry.{second}.{n}": 1 for n in range(3)})
        found, memory = detect(window, expected, memory)
        causes.add(found.cause)
        fresh += found.is_fresh
    assert len(causes) == 1
    assert fresh <= len(memory.names) == 16
