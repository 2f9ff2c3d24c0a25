"""P7 by the order of consent and data: named cases."""

import pytest

PLACE = {"product": "toy", "device": "toy-1", "item": "voice"}


def declared(**more):
    data = {"product": "toy", "children": "yes", "unguarded": [], "unbounded": []}
    return (900, "products.data_declared", data | more)


def began(hours, **more):
    return (hours, "customer_data.data_began", PLACE | more)


def given(hours, kind="parental", **more):
    return (hours, "customer_data.consent_given", PLACE | {"kind": kind} | more)


def withdrawn(hours):
    return (hours, "customer_data.consent_withdrawn", PLACE | {"kind": "parental"})


CASES = [
    pytest.param([(9, "products.declared", {"product": "toy"})], "unknown", "No approved product file", id="nothing"),
    pytest.param([declared(children="no")], "not applicable", "not for children", id="grown-ups"),
    pytest.param([declared(children="unknown")], "unknown", "is blank", id="blank"),
    pytest.param([declared(unguarded=["voice"])], "not met", "`voice` may be a child's and waits for no", id="open"),
    pytest.param([declared(unguarded=list("abcde"))], "not met", "`a`, `b`, `c` and 2 more", id="much is open"),
    pytest.param([declared(unbounded=["voice"])], "not met", "`voice` has no end of retention", id="kept for ever"),
    pytest.param([declared()], "met", "no child's data was taken yet", id="no data yet"),
    pytest.param([declared(), given(9), began(8)], "met", "agreed before the first record, all 1", id="consent first"),
    pytest.param(
        [declared(), began(8), given(8 - 40 / 3600)],
        "not met",
        "`voice` of toy-1 arrived 40 s before any parental consent.",
        id="data first",
    ),
    pytest.param([declared(), began(8), given(6)], "not met", "2 hours before any parental consent", id="hours before"),
    pytest.param([declared(), began(8)], "not met", "without any parental consent", id="never asked"),
    pytest.param([declared(), given(9, kind="opt_in"), began(8)], "not met", "without any", id="the child agreed"),
    pytest.param([declared(), given(9, item="other"), began(8)], "not met", "without any", id="to something else"),
    pytest.param([declared(), given(9, device="toy-2"), began(8)], "not met", "without any", id="another device"),
    pytest.param([declared(), given(9), withdrawn(8), began(7)], "not met", "without any", id="withdrawn before"),
    pytest.param([declared(), given(9), began(8), withdrawn(7)], "met", "agreed before", id="withdrawn after"),
    pytest.param([declared(), given(9), withdrawn(8), given(7), began(6)], "met", "agreed before", id="given again"),
    pytest.param(
        [declared(), began(8), began(7, device="toy-2")], "not met", "So it was 1 more times.", id="more than once"
    ),
    pytest.param(
        [declared(), began(8), (7, "customer_data.customer_ended", {"product": "toy", "device": "toy-1"})],
        "met",
        "no child's data",
        id="its key was destroyed",
    ),
]


@pytest.mark.parametrize(("lines", "verdict", "words"), CASES)
def test_p7(verdict_of, lines, verdict, words):
    found = verdict_of(*lines)
    assert found.verdict == verdict
    assert words in found.says
