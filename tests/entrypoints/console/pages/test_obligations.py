"""Reporting on the console: from hearing of an exploited flaw to reports that were filed."""

from typing import Any

import pytest
from village import STAFF, Village

from careful import obligations

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_with_nothing_the_page_names_the_command(browser: Any, secret: bytes) -> None:
    browser.open("/reporting")
    assert "careful obligation list" in browser.text
    assert 'href="/reporting" aria-current="page"' in browser.text


def test_an_exploited_flaw_from_clock_to_submitted(browser: Any, secret: bytes, village: Village) -> None:
    case = village.affected()
    assert f'href="/reporting/{case.id}"' in browser.open("/").text
    assert "Early warning" in browser.open("/reporting").text
    page = browser.open(f"/reporting/{case.id}")
    assert page.status_code == 200
    assert "24 hours from awareness" in browser.text
    assert "Careful submits nothing" in browser.text
    assert f"careful notice draft {case.id}" in browser.text
    text = obligations.draft(village.world, case.id, "early-warning").text
    browser.send(
        f"/reporting/{case.id}/submitted", report="exploited-early-warning", reference="SRP-9",
        text=text.replace("\n", "\r\n"), at="",
    )  # fmt: skip
    assert "SRP-9" in browser.text
    (sent,) = obligations.matter(village.world, case.id).of("submitted")
    assert browser.open(f"/reporting/{case.id}/sent/{sent.sha256}").text == text
    village.later(hours=80)
    obligations.note_clocks(village.world)
    browser.sign_in(secret)
    assert "report late" in browser.open("/").text
    assert ">late<" in browser.open("/reporting").text
    assert "Not in time: exploited notification" in browser.open(f"/reporting/{case.id}").text
    assert "A report was not submitted in time: exploited-notification." in browser.text


def test_an_incident_is_noted_corrected_and_dismissed(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    browser.open("/reporting")
    given = {"title": "Keys <b>", "product": "cam-1", "what": "Taken.", "why_severe": "All.", "how": "A log."}
    browser.send("/reporting/incident", **given, at="2026-11-02T07:00")
    assert "Keys <b>" in browser.text
    (one,) = obligations.matters(village.world)
    browser.send(f"/reporting/{one.id}/aware", how="Seen before.", at="2026-11-02T06:00")
    browser.send(f"/reporting/{one.id}/measure", what="Keys were replaced.", at="")
    assert "Keys were replaced." in browser.text
    browser.send(f"/reporting/{one.id}/dismiss", reason="A test of ours.")
    assert "not applicable" in browser.text
    assert "A test of ours." in browser.open("/reporting").text
    assert browser.send("/reporting/incident", **given, at="soon").status_code == 400


def test_a_rehearsal_says_so_everywhere(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    browser.open("/reporting")
    browser.send("/reporting/drill", kind="incident", product="cam-1")
    assert "Nothing happened. Do not submit any of this." in browser.text
    assert "REHEARSAL" in browser.text
    browser.open("/reporting")
    assert "Rehearsal: a severe incident in cam-1" in browser.text
    assert "/reporting/" not in browser.open("/").text.split('id="clocks"')[1].split("</div>")[0]
    browser.open("/reporting")
    assert browser.send("/reporting/drill", kind="flood", product="cam-1").status_code == 400
    (drill,) = obligations.matters(village.world, drills=True)
    assert "A rehearsal of reporting began." in browser.open(f"/reporting/{drill.id}").text


def test_no_such_matter(browser: Any, secret: bytes, village: Village) -> None:
    assert browser.open("/reporting/nothing").status_code == 404
    one = village.declare() or obligations.drill(village.world, STAFF, "incident", ["cam-1"])
    assert browser.open(f"/reporting/{one.id}/sent/{'0' * 64}").status_code == 404
