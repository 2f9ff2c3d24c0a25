"""Cases on the console: exploited first, decided by a person, closed only when nothing is left."""

import html
import re
from typing import Any

import pytest
from village import FLEET, OLD, Village

from careful import vulnerabilities

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
