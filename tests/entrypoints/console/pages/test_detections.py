"""Detections on the console."""

import pytest

from careful import devices, monitoring, products
from careful.monitoring import Detection, Seen

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

CAUSE = "flood|cam-9|x"


@pytest.fixture
def alert(world, staff):
    products.declare(world, staff, b"schema: product/1\nproduct: {id: cam-9, name: Test Cam, models: [TC-9]}\n")
    devices.make_tokens(world, staff, "cam-9", [f"cam-9-{one}" for one in range(7)], "rev-a")
    found = [
        Detection(
            "flood", f"cam-9-{one}", 1e6, 900, 20, "declaration", "It sent <b> 900.", "flood|cam-9|x", "quarantine"
        )
        for one in range(7)
    ]
    monitoring.raise_alerts(world, [Seen(one, "cam-9", "1.0.0", (3.0, 4.0, 880.0)) for one in found])
    monitoring.cut_due(world)
    return monitoring.alerts(world)[0].id


def test_with_nothing_the_page_names_the_command(browser, secret):
    browser.open("/detections")
    assert "careful drill flood" in browser.text
    assert 'href="/detections" aria-current="page"' in browser.text


def test_an_alert_is_on_today_and_in_the_list(browser, secret, alert):
    assert f'href="/detections/{alert}"' in browser.open("/").text
    page = browser.open("/detections").text
    assert f'href="/detections/{alert}"' in page
    assert "2 devices held for a person" in page
    assert f"/detections/{alert}" not in browser.open("/detections?rule=scan").text
    assert f"/detections/{alert}" not in browser.open("/detections?state=expected").text
    assert f"/detections/{alert}" in browser.open("/detections?state=all&sort=-devices&device=cam-9-3").text
    assert browser.open("/detections?state=%00&sort=%27&rule=x").status_code == 200


def test_an_alerts_page_says_the_rule_shows_the_chart_and_takes_a_word(browser, secret, world, alert):
    page = browser.open(f"/detections/{alert}").text
    assert "It sent &lt;b&gt; 900." in page
    assert monitoring.rule("flood").words in browser.text
    assert "<svg" in page
    assert "As a table" in page
    browser.send(f"/detections/{alert}/cut", why="All of them.")
    assert all(one.state == "quarantined" for one in devices.all_of(world, "cam-9"))
    browser.send(f"/detections/{alert}/restore", device="cam-9-1", why="Repaired.")
    assert devices.get(world, "cam-9-1").state != "quarantined"
    assert "let in again" in browser.text
    browser.send(f"/detections/{alert}/judge", verdict="expected", scope="device:cam-9-1", days="7", why="A load test.")
    assert monitoring.alert(world, alert).state == "expected"
    assert "A load test." in browser.open("/detections").text
    [word] = monitoring.expectations(world)
    browser.send(f"/detections/expectations/{word.id}/end")
    assert monitoring.expectations(world) == []


@pytest.mark.parametrize(
    "said",
    [{"verdict": ""}, {"why": ""}, {"days": "0"}, {"days": "many"}, {"scope": "device:someone"}],
    ids=["no verdict", "no reason", "no days", "days in words", "another device"],
)
def test_half_a_word_changes_nothing(said, browser, secret, world, alert):
    browser.open(f"/detections/{alert}")
    given = {"verdict": "expected", "scope": "", "days": "30", "why": "Because."} | said
    assert browser.send(f"/detections/{alert}/judge", **given).status_code == 400
    assert monitoring.alert(world, alert).state == "open"


def test_every_rule_is_told_in_words(browser, secret):
    page = browser.open("/detections/rules")
    assert page.status_code == 200
    for one in monitoring.rules():
        assert one.words in browser.text


def test_no_such_alert(browser, secret):
    assert browser.open("/detections/nope").status_code == 404
