"""M4 by the oldest record of every store: named cases."""

from datetime import UTC, datetime, timedelta

import pytest

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DECLARED = (99, "products.declared", {"product": "cam"})


def age(days, limit, hours=1, *, stream="up/clip", field="", personal=True, store="inbox"):
    as_of = NOW - timedelta(hours=hours)
    oldest = None if days is None else (as_of - timedelta(days=days)).isoformat()
    said = {"product": "cam", "stream": stream, "field": field, "store": store, "personal": personal,
            "oldest": oldest, "limit_days": limit, "as_of": as_of.isoformat()}  # fmt: skip
    return (hours, "customer_data.age_measured", said)


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="no product"),
        pytest.param([DECLARED], "unknown", "never measured", id="never measured"),
        pytest.param([DECLARED, age(403, 30)], "not met", "oldest is 403 days old; limit 30 days", id="403 days"),
        pytest.param([DECLARED, age(20, 30)], "met", "oldest is 20 days old", id="young enough"),
        pytest.param([DECLARED, age(None, 30)], "met", "nothing is stored", id="nothing is there"),
        pytest.param([DECLARED, age(5, None)], "not met", "no number of days", id="no number"),
        pytest.param([DECLARED, age(None, None)], "unknown", "no number of days", id="no number, nothing there yet"),
        pytest.param([DECLARED, age(5, None, personal=False)], "not applicable", "nothing", id="nothing of people"),
        pytest.param([DECLARED, age(20, 30), age(9, 3, field="zone")], "not met", "clip.zone", id="one field is late"),
        pytest.param([DECLARED, age(403, 30, 24), age(2, 30)], "met", "2 days", id="deleted since"),
        pytest.param([DECLARED, age(2, 30, 200)], "unknown", "counts for 3 days", id="too old"),
        pytest.param([DECLARED, age(2, 30), age(90, 30, store="s3")], "not met", "in s3", id="another store"),
    ],
)
def test_m4(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
