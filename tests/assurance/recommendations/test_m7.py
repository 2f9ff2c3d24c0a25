"""M7 by what was measured of sets for others: named cases."""

import pytest

DECLARED = (900, "products.declared", {"product": "cam", "version": 1})


def use(personal):
    return (2, "customer_data.use_measured", {"product": "cam", "fields": 3, "personal": personal})


def made(hours=1, k=12, *, released=True, unique=0.0, low=(), records=40, stream="up/clip"):
    said = {"product": "cam", "stream": stream, "recipient": "vendor-x", "released": released, "records": records,
            "k": k, "wanted": 10, "unique_percent": unique, "low": list(low)}  # fmt: skip
    return (hours, "customer_data.deidentified", said)


BAD = {"k": 1, "released": False, "unique": 12.0, "low": ["zip"]}


@pytest.mark.parametrize(
    ("lines", "verdict", "words"),
    [
        pytest.param([DECLARED], "unknown", "No set of cam was ever measured", id="nothing recorded"),
        pytest.param([DECLARED, use(2)], "unknown", "No set of cam", id="personal, never measured"),
        pytest.param([DECLARED, use(0)], "not applicable", "nothing personal", id="nothing personal"),
        pytest.param([DECLARED, made()], "met", "at least 12 persons look alike; declared are 10", id="reached"),
        pytest.param(
            [DECLARED, made(**BAD)], "not met", "k = 1 for 12 % of rows. This is not de-identified. It is low by zip",
            id="alone",
        ),
        pytest.param([DECLARED, made(k=4, released=False)], "not met", "k = 4, declared 10", id="below"),
        pytest.param([DECLARED, made(5, **BAD), made()], "met", "at least 12", id="mended"),
        pytest.param([DECLARED, made(), made(stream="up/x", **BAD)], "not met", "cam up/x", id="another stream"),
        pytest.param([DECLARED, made(k=0, records=0, released=False)], "unknown", "nothing was left", id="empty"),
        pytest.param([DECLARED, made(24 * 400)], "unknown", "365 days", id="too old"),
    ],
)  # fmt: skip
def test_m7(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
