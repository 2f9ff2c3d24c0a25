"""C3 by page, declaration and what devices send: named cases."""

import pytest

KNOWN = (900, "products.declared", {"product": "cam", "version": 1})


def declared(hours=50, items=("clip",), lacking=(), streams=1):
    said = {"product": "cam", "version": 2, "items": list(items), "streams": streams, "lacking": list(lacking),
            "children": "no", "unguarded": [], "unbounded": []}  # fmt: skip
    return (hours, "products.data_declared", said)


def page(hours=40):
    return (hours, "products.page_published", {"product": "cam", "digest": "d", "support_until": "2030-01-01",
                                               "update_method": "automatic", "data_items": 1})  # fmt: skip


SEEN = (5, "customer_data.observed", {"product": "cam", "records": 7, "fields": ["clip.zone"]})
SENT = (
    4,
    "customer_data.refused",
    {"product": "cam", "release": "", "item": "clip", "field": "ssid", "kind": "undeclared-field", "count": 1,
     "left_out": 0, "devices": 1},
)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([KNOWN], "unknown", "No approved product file", id="nothing recorded"),
        pytest.param([KNOWN, declared(items=())], "not applicable", "collects nothing", id="nothing collected"),
        pytest.param([KNOWN, declared(), SEEN], "not met", "is not out", id="no page"),
        pytest.param([KNOWN, declared(lacking=["clip.use"]), page(), SEEN], "not met", "`clip.use`", id="no why"),
        pytest.param([KNOWN, page(60), declared(), SEEN], "not met", "publish it again", id="an old page"),
        pytest.param([KNOWN, declared(), page(), SEEN, SENT], "not met", "`clip.ssid`", id="sent, not told"),
        pytest.param([KNOWN, declared(), page()], "unknown", "no device has sent", id="nothing seen"),
        pytest.param([KNOWN, declared(streams=0), page()], "met", "tells of 1 kinds", id="not sent by devices"),
        pytest.param([KNOWN, declared(), page(), SEEN], "met", "devices send no other", id="all the same"),
        pytest.param([KNOWN, declared(900), page(800), (800, *SEEN[1:])], "unknown", "30 days", id="too old"),
    ],
)  # fmt: skip
def test_c3(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert (found.verdict, words in found.says) == (verdict, True), found.says
