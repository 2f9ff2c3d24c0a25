"""How much time a flaw leaves."""

from datetime import timedelta

import pytest

from careful.vulnerabilities.model import SEVERITIES, due_after


@pytest.mark.parametrize(
    ("severity", "exploited", "days"),
    [
        ("critical", False, 7),
        ("high", False, 30),
        ("medium", False, 90),
        ("low", False, 180),
        pytest.param("unknown", False, 30, id="unknown is no comfort"),
        pytest.param("none", False, 30, id="none is no comfort either"),
        pytest.param("low", True, 3, id="exploited outweighs severity"),
    ],
)
def test_due(severity, exploited, days):
    assert due_after(severity, exploited=exploited) == timedelta(days=days)


def test_more_severe_is_never_later():
    days = [due_after(one, exploited=False) for one in SEVERITIES[:4]]
    assert days == sorted(days)
