"""M1 by what the approved product file leaves blank: named cases."""

import pytest


def said(**more):
    return {"product": "cam", "items": ["clip", "sleep"], "lacking": [], **more}


CASES = [
    pytest.param([(9, "products.declared", {"product": "cam"})], "unknown", "No approved product file", id="nothing"),
    pytest.param([(9, "products.data_declared", said())], "met", "six stages of each of 2 data items", id="all filled"),
    pytest.param([(9, "products.data_declared", said(items=["a"]))], "met", "the one data item", id="one item"),
    pytest.param(
        [(9, "products.data_declared", said(lacking=["sleep.deletion"]))],
        "unknown",
        "cam: `sleep`: the stage deletion is blank.",
        id="one stage",
    ),
    pytest.param(
        [(9, "products.data_declared", said(lacking=[f"sleep.{n}" for n in range(5)]))], "unknown", "2 more", id="many"
    ),
    pytest.param([(9, "products.data_declared", said(items=[]))], "not applicable", "collects nothing", id="no data"),
    pytest.param(
        [
            (9, "products.data_declared", said(lacking=["clip.use"])),
            (8, "products.data_declared", said()),
        ],
        "met",
        "six stages",
        id="the newest counts",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_m1(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
