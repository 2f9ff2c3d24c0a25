"""The start page and its stream."""

import json
import re
from pathlib import Path
from typing import Any

import anyio
import pytest
from village import FLAW, NEW, OLD, STAFF, Village

from careful import obligations, updates, vulnerabilities
from careful.entrypoints.console.pages import today
from careful.entrypoints.console.pages.today import growth
from careful.kernel.actors import Actor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_with_nothing_every_part_names_its_command_and_nothing_is_green(browser: Any, secret: bytes) -> None:
    browser.open("/")
    for command in ("careful init", "careful feeds sync", "careful device token --product PRODUCT"):
        assert command in browser.text
    assert "Not known: there is no fresh feed" in browser.text
    assert "mark good" not in browser.text


def test_an_open_case_runs_a_clock_and_is_to_be_judged(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    village.ship(OLD, "pillow==10.0.0")
    village.hear()
    village.run(OLD, "cam-1-001")
    case = village.found()
    browser.open("/")
    assert 'class="clocks"' in browser.text
    assert f"Judge {FLAW} in cam-1" in browser.text
    assert f"careful vuln judge {case.id} --status affected" in browser.text
    assert f'href="/vulnerabilities/{case.id}"' in browser.text
    assert "were found in our products" in browser.text or f"{FLAW} was found in cam-1" in browser.text


def test_of_thousands_of_cases_the_most_pressing_are_shown(
    browser: Any, secret: bytes, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.declare()
    village.ship(OLD, "pillow==10.0.0", "certifi==2022.1.1")
    village.hear()
    village.run(OLD, "cam-1-001")
    village.found()
    total = len(vulnerabilities.cases(village.world, state="open"))
    monkeypatch.setattr(today, "_FUNNELS", 1)
    browser.open("/")
    assert browser.text.count('class="num"><a href="/vulnerabilities/') == 1
    assert f"{total - 1} more open case" in browser.text


def test_what_is_next_follows_the_case(browser: Any, secret: bytes, village: Village, staff: Actor) -> None:
    case = village.affected()
    browser.open("/")
    assert f"careful notice draft {case.id}" in browser.text
    assert f'href="/devices?product=cam-1&version={OLD}">3</a>' in browser.text
    village.ship(NEW, "pillow==10.0.1")
    village.found()
    browser.open("/")
    assert f"careful rollout start cam-1 {NEW}" in browser.text
    updates.start_rollout(village.world, staff, "cam-1", NEW)
    browser.open("/")
    assert f"careful rollout start cam-1 {NEW}" not in browser.text


def test_drafts_and_halted_rollouts_lead_to_their_own_pages(
    browser: Any, secret: bytes, village: Village, staff: Actor
) -> None:
    village.declare()
    village.ship(OLD)
    village.run("0.9.0", "cam-1-001")
    rollout = updates.start_rollout(village.world, staff, "cam-1", OLD)
    updates.halt(village.world, staff, rollout, "Wait.")
    draft = village.ship(NEW, sign=False)
    browser.open("/")
    for path in (f"/rollouts/{rollout}", f"/releases/{draft.id}"):
        assert f'href="{path}"' in browser.text
        assert browser.open(path).status_code == 200
        browser.open("/")


def test_a_stale_feed_makes_it_not_known(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    village.ship(OLD, "harmless==1.0.0")
    village.hear()
    assert "No known flaw is open." not in browser.open("/").text
    vulnerabilities.match(village.world)
    assert "No known flaw is open." in browser.open("/").text
    village.later(hours=25)
    browser.sign_in(secret)
    browser.open("/")
    assert "No known flaw is open." not in browser.text
    assert "not known" in browser.text


def test_a_feed_that_only_adds_is_shown_as_such(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    village.ship(OLD)
    said = village.folder / "said.json"
    statement = {"vulnerability": {"name": FLAW}, "products": [{"@id": "pkg:pypi/pillow@10.0.1"}], "status": "fixed"}
    head = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://a.example/1", "author": "A", "version": 1}
    said.write_text(json.dumps(head | {"timestamp": "2026-11-01T00:00:00Z", "statements": [statement]}))
    vulnerabilities.import_feed(village.world, STAFF, said)
    assert browser.open("/").status_code == 200
    assert "adds to others" in browser.text


def test_the_next_report_stands_among_the_clocks(browser: Any, secret: bytes, village: Village) -> None:
    case = village.affected()
    browser.open("/")
    assert f'href="/reporting/{case.id}">Early warning: {FLAW} in cam-1</a>' in browser.text
    assert "to be reported" in browser.text
    village.later(hours=25)
    browser.sign_in(secret)
    assert "report late" in browser.open("/").text


def test_reports_come_first_in_what_is_to_be_done_and_cases_say_why(
    browser: Any, secret: bytes, village: Village
) -> None:
    case = village.affected()
    browser.open("/")
    asked = re.findall(r"<h3>([^<]+)</h3><p class=\"why\">", browser.text)
    assert asked[0] == f"Submit the early warning: {FLAW} in cam-1"
    assert f"careful obligation draft {case.id} early-warning" in browser.text
    assert "exploited, listed by CISA since" in browser.text
    address = f"/reporting/{case.id}#exploited-early-warning"
    assert f'href="{address}"' in browser.text
    assert 'id="exploited-early-warning"' in browser.open(f"/reporting/{case.id}").text
    for number in range(4):
        words = {"named": ("cam-1",), "what": "w", "why_severe": "y", "how": "h"}
        obligations.incident(village.world, STAFF, f"Breach {number}", **words)
    assert "2 more reports are to be submitted." in browser.open("/").text


def test_promises(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    browser.open("/")
    assert "31 December 2032" in browser.text
    assert "no signed release" in browser.text


def test_the_stream_tells_when_the_ledger_grew_and_ends(database: object) -> None:
    sizes = iter([3, 3, 5, 5])

    async def run() -> list[str]:
        return [said async for said in growth(lambda: next(sizes), pause=0, rounds=4)]

    assert anyio.run(run) == ["retry: 5000\n\n", "event: ledger\ndata: 3\n\n", "event: ledger\ndata: 5\n\n"]


def test_the_stream_is_for_staff_only(stranger: Any) -> None:
    assert stranger.client.get("/live").status_code == 303


def test_what_devices_trust_is_to_be_renewed(browser: Any, secret: bytes, village: Village, tmp_path: Path) -> None:
    village.declare()
    village.ship(OLD)
    browser.open("/")
    assert "Renew what devices" not in browser.text
    updates.export_keys(village.world, STAFF, "cam-1", tmp_path / "stick")
    village.later(hours=24 * 300)
    updates.renew(village.world)
    browser.sign_in(secret)
    browser.open("/")
    assert "Renew what devices of cam-1 trust: targets" in browser.text
    assert "careful release renew cam-1 --keys DIR" in browser.text


def test_devices_past_support_are_counted(browser: Any, secret: bytes, village: Village) -> None:
    village.declare()
    village.run(OLD, "cam-1-001", "cam-1-002")
    assert "Devices past support" not in browser.open("/").text
    village.later(days=3000)
    with_session = browser.sign_in(secret)
    assert with_session.status_code < 400
    text = browser.open("/").text
    assert "Devices past support" in text
    assert '<a href="/devices?product=cam-1">2</a>' in text
    assert "careful product past-support" in text
