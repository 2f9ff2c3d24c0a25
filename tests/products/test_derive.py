import json
from datetime import date
from pathlib import Path

import pytest

from careful.products.derive import derive
from careful.products.laws import Answer
from careful.products.parsing import parse

ON = date(2026, 11, 22)
EXAMPLES = Path(__file__).parents[2] / "examples" / "products"


def camera() -> bytes:
    return (EXAMPLES / "cam-1" / "product.yaml").read_bytes()


def test_all_that_follows_from_the_camera():
    found = derive(parse(camera()), ON)
    assert {one.law.id for one in found.laws_that(Answer.YES)} == {
        "eu-cra-reporting",
        "eu-red-network",
        "eu-red-privacy",
        "uk-psti",
        "us-ca-devices",
        "us-or-devices",
        "us-ftc-act-5",
    }
    assert found.laws_that(Answer.UNKNOWN) == ()
    assert ("eu-cra-reporting", "report-exploited") in {(one.law, one.id) for one in found.requirements}
    assert "eu-cra" not in {one.law for one in found.requirements}
    assert found.streams["telemetry"] == ("frames_dropped", "rssi_dbm", "temperature_c", "uptime_s")
    assert {one.data: one.days for one in found.retention} == {"telemetry": 30, "motion_clip": 14, "account": 30}
    assert found.unbounded == ()
    assert ("mqtt.hearth.example", 8883) in {(one.host, one.port) for one in found.ways}
    assert found.ways_left_out == ()
    assert [one.id for one in found.table] == ["telemetry", "motion_clip", "account"]
    assert found.update_method.startswith("installed automatically")


@pytest.mark.parametrize("product", ["cam-1", "lock-1", "plug-1"])
def test_same_file_same_day_same_bytes(product: str):
    text = (EXAMPLES / product / "product.yaml").read_bytes()
    first = derive(parse(text), ON).as_json()
    assert derive(parse(text), ON).as_json() == first
    assert json.loads(first)["note"].startswith("Not legal advice")


def test_the_order_of_sections_changes_nothing():
    text = camera().decode()
    sections = text.split("\n\n")
    turned = "\n\n".join(reversed(sections))
    assert derive(parse(turned.encode()), ON).as_json() == derive(parse(text.encode()), ON).as_json()


def test_a_blank_retention_is_said_to_be_unbounded(small: bytes):
    found = derive(parse(small + b"data: [{id: x}, {id: y, retention: {days: }}, {id: z, retention: {days: 0}}]\n"), ON)
    assert found.unbounded == ("x", "y")
    assert [(one.data, one.days, one.personal) for one in found.retention] == [("z", 0, True)]


def test_from_almost_nothing_almost_nothing_follows(small: bytes):
    found = derive(parse(small), ON)
    assert found.laws_that(Answer.YES) == ()
    assert len(found.laws_that(Answer.UNKNOWN)) == 12
    assert (found.ways, found.table, found.retention, found.update_method) == ((), (), (), "")
    assert set(found.as_dict()["events"]) == {"offline", "update", "reset", "connections"}
