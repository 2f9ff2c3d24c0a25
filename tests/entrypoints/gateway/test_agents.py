"""The topics of Device Defender's agents."""

import json

import cbor2
import pytest

from careful.entrypoints.gateway.agents import ANSWERS, REPORTS, answer, report_topic


@pytest.mark.parametrize(
    ("topic", "within"),
    [
        ("$aws/things/d1/defender/metrics/json", "defender/json"),
        ("$aws/things/d1/defender/metrics/cbor", "defender/cbor"),
        ("$aws/things/d2/defender/metrics/json", None),
        ("$aws/things/d1/defender/metrics/xml", None),
        ("$aws/things/d1/defender/metrics/json/accepted", None),
        ("$aws/things/d1/shadow/update", None),
        ("d/d1/up/x", None),
    ],
)
def test_which_topics_are_reports(topic, within):
    assert report_topic("d1", topic.split("/")) == within
    assert within is None or within in REPORTS


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        (b'{"hed": {"rid": 7, "v": "1.0"}, "met": {}}', "accepted"),
        (b'{"hed": {}}', "rejected"),
        (b"{", "rejected"),
        (b"[" * 50_000, "rejected"),
    ],
    ids=["a report", "no report", "no json", "deep"],
)
@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("cbor", cbor2.loads)], ids=["json", "cbor"])
def test_each_is_answered_in_its_own_form(payload, word, form, read):
    topic, said = answer("d1", f"defender/{form}", payload, 9.5)
    assert topic == f"$aws/things/d1/defender/metrics/{form}/{word}"
    told = read(said)
    assert (told["thingName"], told["status"], told["timestamp"]) == ("d1", word.upper(), 9)


def test_answers_can_be_heard_for_both_forms():
    assert {"/".join(one[2:]) for one in ANSWERS} == {
        "json/accepted", "json/rejected", "cbor/accepted", "cbor/rejected",
    }  # fmt: skip
