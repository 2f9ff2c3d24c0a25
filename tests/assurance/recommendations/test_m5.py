"""M5 by purposes and by what nobody reads: named cases."""

import pytest

DECLARED = (9999, "products.declared", {"product": "cam"})


def used(hours=1, fields=4, **lists):
    said = {"product": "cam", "fields": fields, "personal": 3, "without_purpose": [], "without_recipients": [],
            "without_role": [], "unread": [], "as_of": ""} | lists  # fmt: skip
    return (hours, "customer_data.use_measured", said)


def proposed(hours):
    return (hours, "customer_data.removal_proposed", {"product": "cam", "stream": "up/clip", "field": "zone"})


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([], "unknown", "Nothing has been recorded", id="no product"),
        pytest.param([DECLARED], "unknown", "never looked through", id="never looked"),
        pytest.param([DECLARED, used(fields=0)], "not applicable", "collects nothing", id="nothing"),
        pytest.param([DECLARED, used()], "met", "each of 4 fields", id="all in order"),
        pytest.param([DECLARED, used(without_purpose=["up/a.x"])], "not met", "no purpose of `up/a.x`", id="what for?"),
        pytest.param([DECLARED, used(without_recipients=["up/a.x"])], "unknown", "who gets", id="who gets it?"),
        pytest.param([DECLARED, proposed(48), used(unread=["up/clip.zone"])], "unknown", "proposed", id="proposed"),
        pytest.param([DECLARED, proposed(24 * 40), used(unread=["up/clip.zone"])], "not met", "still", id="ignored"),
        pytest.param([DECLARED, used(24 * 5)], "unknown", "counts for 3 days", id="too old"),
    ],
)
def test_m5(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
