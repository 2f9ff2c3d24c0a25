"""Sending a field that nobody declared."""

from careful.monitoring.detections.undeclared_field import Memory, detect


def test_nothing_refused_is_nothing_found(expected, a_window):
    assert detect(a_window(messages={"up/telemetry": 5}), expected, Memory())[0] is None


def test_one_refused_field_is_found_and_named(expected, a_window):
    found, _ = detect(a_window(undeclared={"telemetry.owner_email": 2, "telemetry.zone": 1}), expected, Memory())
    assert found.observed == 3
    assert found.cause == "undeclared_field|cam-9|telemetry.owner_email"
    assert "and 1 more" in found.says
