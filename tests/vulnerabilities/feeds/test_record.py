"""Severities and dates, as feeds write them."""

from datetime import UTC, datetime

import pytest

from careful.vulnerabilities.feeds.record import moment, severity_of, severity_of_vector


@pytest.mark.parametrize(
    ("score", "word"),
    [(10.0, "critical"), (9.0, "critical"), (8.9, "high"), (7.0, "high"), (4.0, "medium"), (0.1, "low"), (0.0, "none")],
)
def test_ratings(score, word):
    assert severity_of(score) == word


@pytest.mark.parametrize(
    ("vector", "word"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "high"),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "critical"),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "high"),
        pytest.param("CVSS:3.1/AV:N", "unknown", id="half a vector"),
        pytest.param("7.5", "unknown", id="a number"),
        pytest.param("", "unknown", id="nothing"),
    ],
)
def test_vectors(vector, word):
    assert severity_of_vector(vector) == word


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-10-30T00:00:00Z", datetime(2026, 10, 30, tzinfo=UTC)),
        pytest.param("2026-10-30T00:00:00.000", datetime(2026, 10, 30, tzinfo=UTC), id="no zone is UTC"),
        pytest.param("yesterday", None, id="no date"),
        pytest.param("0001-01-01T00:00:00+23:59", None, id="before all time"),
        pytest.param("9999-12-31T23:59:59-23:59", None, id="after all time"),
        pytest.param(7, None, id="no text"),
    ],
)
def test_moments(text, found):
    assert moment(text) == found
