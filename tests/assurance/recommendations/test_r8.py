"""R8 by what owners were told of the end: named cases."""

import pytest


def page(until):
    return (9, "products.page_published", {"product": "cam", "support_until": until, "update_method": "by itself"})


DECLARED = (10, "products.declared", {"product": "cam"})
ANNOUNCED = (8, "products.end_announced", {"product": "cam", "until": "2020-01-01", "last_version": "1.4.2"})


def told(stage):
    data = {"product": "cam", "stage": stage, "told": 7, "unreachable": 2}
    return (7, "notices.owners_told_of_end", data)


CASES = [
    pytest.param([DECLARED], "unknown", "No end of support", id="nothing published"),
    pytest.param([DECLARED, page("2044-01-01")], "met", "is supported until 2044-01-01", id="years to go"),
    pytest.param([DECLARED, page("2020-01-01")], "not met", "no owner was told", id="ended in silence"),
    pytest.param([DECLARED, page("2020-01-01"), ANNOUNCED], "not met", "no owner was told", id="announced to nobody"),
    pytest.param(
        [DECLARED, page("2020-01-01"), ANNOUNCED, told("soon")], "not met", "not told since", id="told too early only"
    ),
    pytest.param(
        [DECLARED, page("2020-01-01"), ANNOUNCED, told("ended")],
        "met",
        "owners of 7 devices were told (ended), 2 cannot be reached; the last release is 1.4.2",
        id="told",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_r8(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
