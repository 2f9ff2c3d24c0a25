"""Cases on the console: the most pressing first, decided by a person, closed only when nothing is left."""

import html
import re
from typing import Any

import pytest
from village import FLEET, NEW, OLD, STAFF, Village

from careful import obligations, releases, updates, vulnerabilities

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def found(village: Village) -> Village:
    """A flaw was found in a camera's release, and three devices run it."""
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    village.run(OLD, *FLEET)
    village.found()
    return village


def test_nothing_known_is_not_nothing(browser: Any, secret: bytes) -> None:
    page = browser.open("/vulnerabilities").text
    assert "careful feeds import" in page
    assert "as far as is known" in page


def test_the_list_shows_what_waits(browser: Any, secret: bytes, found: Village) -> None:
    page = browser.open("/vulnerabilities").text
    for case in vulnerabilities.cases(found.world):
        assert f"/vulnerabilities/{case.id}" in page
    assert "exploited" in page
    assert "No case waits" in browser.open("/vulnerabilities?state=closed").text


def test_the_list_is_in_the_order_of_what_is_owed_and_says_why(browser: Any, secret: bytes, found: Village) -> None:
    quiet = found.case("CVE-2023-50447")
    obligations.submitted(found.world, STAFF, found.case().id, "early-warning", "1")
    obligations.aware(found.world, STAFF, quiet.id, "Our honeypot saw it used.")
    page = browser.open("/vulnerabilities").text
    listed = list(dict.fromkeys(re.findall(r'class="id" href="/vulnerabilities/([^"#/]+)"', page)))
    assert listed == [one.id for one in obligations.pressing(found.world)]
    assert listed[:2] == [quiet.id, found.case().id]
    assert "exploited, says staff:ann, since 2026-11-02" in page
    assert "reached from the internet; 3 of 3 devices (100%); no fix yet" in page
    assert f'href="/reporting/{quiet.id}">Early warning</a>' in page
    assert page.count("exploited · ") == 2


def test_a_case_says_who_of_us_knows_that_it_is_exploited(browser: Any, secret: bytes, found: Village) -> None:
    quiet = found.case("CVE-2023-50447")
    page = browser.open(f"/vulnerabilities/{quiet.id}").text
    assert f"/reporting/{quiet.id}" not in page
    obligations.aware(found.world, STAFF, quiet.id, "Our honeypot saw it used.")
    page = browser.open(f"/vulnerabilities/{quiet.id}").text
    assert "It is exploited, says staff:ann, known since 2026-11-02 09:00 UTC: Our honeypot saw it used." in page
    assert "Early warning to be submitted" in page
    assert f'href="/reporting/{quiet.id}"' in page


def test_a_case_leads_to_its_devices_notice_release_and_rollout(browser: Any, secret: bytes, village: Village) -> None:
    advisory = village.published()
    case = village.case()
    rollout = updates.start_rollout(village.world, STAFF, "cam-1", NEW)
    page = html.unescape(browser.open(f"/vulnerabilities/{case.id}").text)
    assert "3 devices run it now: 3 on 1.0.0." in page
    assert "1 owner of 2 devices can be told; 1 device has no owner on record. The notice goes to them alone." in page
    assert "Its rollout is running" in page
    assert "kim@example.com" not in page
    release = releases.get(village.world, "cam-1", NEW).id
    for path in (
        f"/devices?product=cam-1&version={OLD}",
        f"/notices/{advisory.id}",
        f"/releases/{release}",
        f"/rollouts/{rollout}",
    ):
        assert f'href="{path}"' in page
        assert browser.open(path).status_code == 200


def test_the_list_is_narrowed_by_severity_and_component(browser: Any, secret: bytes, found: Village) -> None:
    by_severity = {one.severity: one.id for one in vulnerabilities.cases(found.world)}
    for severity, case in by_severity.items():
        page = browser.open(f"/vulnerabilities?severity={severity}").text
        assert f"/vulnerabilities/{case}" in page
        assert not any(other in page for name, other in by_severity.items() if name != severity)
    assert "No case waits" in browser.open("/vulnerabilities?component=nothing").text
    assert "Decide many at once" in browser.open("/vulnerabilities?component=pillow").text


def test_a_case_is_judged_and_refuses_to_close_early(browser: Any, secret: bytes, found: Village) -> None:
    case = found.case()
    page = browser.open(f"/vulnerabilities/{case.id}").text
    assert "A person must decide" in page
    assert all(device in page for device in FLEET)
    browser.send(f"/vulnerabilities/{case.id}/judge", status="affected", action="Update to 1.0.1.")
    assert found.case().status == "affected"
    refused = browser.send(f"/vulnerabilities/{case.id}/close")
    assert refused.status_code == 409
    assert "neither fixed nor accounted for" in refused.text


def test_every_device_accounted_for(browser: Any, secret: bytes, found: Village) -> None:
    case = found.judge()
    for device in FLEET:
        browser.open(f"/vulnerabilities/{case.id}")
        browser.send(f"/vulnerabilities/{case.id}/account", device=device, reason="Taken back.")
    assert vulnerabilities.unaccounted(found.world, case.id) == []
    browser.send(f"/vulnerabilities/{case.id}/close")
    assert found.case().state == "closed"


def test_a_wrong_decision_is_refused(browser: Any, secret: bytes, found: Village) -> None:
    case = found.case()
    browser.open(f"/vulnerabilities/{case.id}")
    assert browser.send(f"/vulnerabilities/{case.id}/judge", status="fine").status_code == 400


def test_no_such_case(browser: Any, secret: bytes) -> None:
    assert browser.open("/vulnerabilities/nowhere").status_code == 404


@pytest.mark.parametrize("path", ["/vulnerabilities", "/releases", "/notices", "/evidence", "/devices"])
def test_every_head_sorts_its_table(browser: Any, secret: bytes, village: Village, path: str) -> None:
    village.published()
    heads = re.findall(r'class="sort" href="([^"]+)"', browser.open(path).text)
    assert heads
    for head in heads:
        page = browser.open(html.unescape(head))
        assert page.status_code == 200
        assert "aria-sort=" in page.text


def test_a_case_shows_how_its_mending_spreads(browser: Any, secret: bytes, found: Village) -> None:
    page = f"/vulnerabilities/{found.case().id}"
    assert "says that it mends" in browser.open(page).text
    found.ship(NEW, "pillow==10.0.1", fixes=(found.case().flaw,))
    version = f"{NEW} or newer"
    assert f"It is mended in {version}, which no device was offered yet." in browser.open(page).text
    updates.start_rollout(found.world, STAFF, "cam-1", NEW, waves=["100%"], deadline_minutes=30)
    found.work()
    for minute, device in enumerate(FLEET[:2]):
        found.later(minutes=1 + minute)
        order = updates.order_for(found.world, device)
        assert order is not None
        updates.feedback(found.world, device, order.id, updates.Report(execution="closed", finished="success"))
        found.run(NEW, device)
        found.work()
    text = browser.open(page).text
    assert 'aria-labelledby="uptake-t"' in text
    assert "<li>" in text
    assert '<th scope="col" class="num">fixed</th>' in text
    assert f"careful rollout uptake --flaw {found.case().flaw}" in text
