"""M3 by what devices sent undeclared: named cases."""

import pytest

DECLARED = (900, "products.data_declared", {"product": "cam", "streams": 2})
APPROVED = "products.approved"


def sent(hours, field="ssid", kind="undeclared-field", **more):
    data = {"product": "cam", "release": "2.5", "item": "clip", "field": field, "kind": kind, "count": 9, "devices": 4}
    return (hours, "customer_data.refused", data | more)


def seen(hours):
    return (hours, "customer_data.observed", {"product": "cam", "records": 500, "fields": ["clip.zone", "clip.s"]})


CASES = [
    pytest.param([(9, "products.declared", {"product": "cam"})], "unknown", "No approved product file", id="nothing"),
    pytest.param([DECLARED], "unknown", "has sent data yet", id="silence"),
    pytest.param([(9, DECLARED[1], {"product": "cam", "streams": 0})], "not applicable", "send no data", id="none"),
    pytest.param([DECLARED, seen(5)], "met", "500 records with 2 different fields", id="all declared"),
    pytest.param([DECLARED, seen(31 * 24)], "unknown", "counts for 30 days", id="too old"),
    pytest.param(
        [DECLARED, seen(5), sent(4)],
        "not met",
        "cam: `clip.ssid` is not declared and was sent 9 times by 4 devices on 2.5; it was refused.",
        id="undeclared",
    ),
    pytest.param(
        [DECLARED, sent(4, count=1, devices=1, release=""), sent(3, field="x", devices=7)],
        "not met",
        "by 7 devices on 2.5; it was refused. 1 more was sent, too.",
        id="the worst first",
    ),
    pytest.param([DECLARED, sent(4, field="", kind="undeclared-stream")], "not met", "`clip` is not", id="a stream"),
    pytest.param([DECLARED, seen(5), sent(4, kind="out-of-range")], "met", "all of them declared", id="another kind"),
    pytest.param([DECLARED, seen(5), sent(31 * 24)], "met", "all of them declared", id="long ago"),
    pytest.param(
        [DECLARED, sent(9), (8, APPROVED, {"product": "cam"}), seen(5)], "met", "all of them", id="a new product file"
    ),
    pytest.param(
        [DECLARED, (9, APPROVED, {"product": "cam"}), sent(8), seen(5)], "not met", "`clip.ssid`", id="sent again"
    ),
    pytest.param(
        [DECLARED, sent(9), (8, "releases.declaration_pinned", {"product": "cam", "version": "2.5"}), seen(5)],
        "met",
        "all of them",
        id="pinned anew",
    ),
    pytest.param(
        [DECLARED, sent(9), (8, "releases.declaration_pinned", {"product": "cam", "version": "2.4"}), seen(5)],
        "not met",
        "`clip.ssid`",
        id="another release pinned anew",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_m3(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
