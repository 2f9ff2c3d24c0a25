"""U8 by copies that were found: named cases."""

import pytest

KNOWN = (900, "products.declared", {"product": "cam", "version": 1})


def given(hours=50, *, released=True):
    return (hours, "customer_data.deidentified", {"product": "cam", "recipient": "vendor-x", "released": released})


def found(hours=5, by="address"):
    said = {"export": "s1", "recipient": "vendor-x", "product": "cam", "by": by}
    return (hours, "customer_data.copy_found", said)


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([KNOWN], "unknown", "not recorded whether cam", id="nothing recorded"),
        pytest.param([KNOWN, given(released=False)], "unknown", "not recorded", id="refused"),
        pytest.param([KNOWN, given()], "unknown", "nothing of 1 sets for vendor-x", id="nothing found"),
        pytest.param([KNOWN, given(), found()], "not met", "only vendor-x had: an address", id="mail came"),
        pytest.param([KNOWN, given(), found(by="whole")], "not met", "row for row", id="the whole set"),
        pytest.param([KNOWN, given(9000), found(9000)], "not met", "only vendor-x had", id="it stays"),
    ],
)
def test_u8(verdict_of, lines, verdict, words):
    said = verdict_of(*lines)
    assert (said.verdict, words in said.says) == (verdict, True), said.says
