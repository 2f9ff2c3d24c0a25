"""Taking feeds in, judging, accounting for devices, closing; on both databases."""

import json
from datetime import timedelta

import pytest
from flaws_sample import kev, osv

from careful import devices, vulnerabilities
from careful.kernel import ledger
from careful.kernel.clock import iso
from careful.kernel.errors import Invalid, NotFound, Refused

FLAW = "CVE-2023-4863"


def happened(world, *wanted):
    with world.look() as connection:
        return ledger.read(connection, names=[f"vulnerabilities.{name}" for name in wanted])


@pytest.fixture
def case(maker, world):
    """A case with a fix: 1.0.0 has the flaw, 1.0.1 is free of it; two devices on the old, one on the new."""
    maker.feed(osv("GHSA-1", aliases=[FLAW]))
    maker.ship("1.0.0", "pillow==10.0.0")
    maker.ship("1.0.1", "pillow==10.0.1")
    vulnerabilities.match(world)
    maker.devices("1.0.0", "cam-1-001", "cam-1-002")
    maker.devices("1.0.1", "cam-1-003")
    vulnerabilities.note_exposure(world)
    return maker.the_case().id


def affected(world, staff, case):
    return vulnerabilities.judge(world, staff, case, "affected", action="Keep it on; it updates itself.")


def test_a_feed_is_recorded_with_its_source_and_age(maker, world):
    report = maker.feed(kev(FLAW), source="the real one")
    (age,) = vulnerabilities.feed_ages(world)
    assert (age.feed, age.source, age.licence, age.records, age.fresh) == ("kev", "the real one", "CC0-1.0", 1, True)
    assert age.as_of == report.as_of
    (taken,) = happened(world, "feed_taken")
    assert taken.data == {
        "feed": "kev",
        "sha256": age.sha256,
        "records": 1,
        "refused": 0,
        "as_of": iso(report.as_of),
    }


def test_a_feed_from_the_future_is_not_believed(maker, world):
    with pytest.raises(Invalid, match="lies in the future"):
        maker.feed(kev(FLAW, released="2036-01-01T00:00:00Z"))
    assert maker.feed(kev(FLAW), as_of=world.clock.now() + timedelta(days=1)).as_of == world.clock.now()


def test_a_broken_feed_is_recorded_and_changes_nothing(maker, world):
    maker.feed(osv("A"))
    path = maker.folder / "broken.json"
    path.write_text("{")
    with pytest.raises(Invalid, match="could be taken in"):
        vulnerabilities.import_feed(world, maker.staff, path, "osv")
    (failed,) = happened(world, "feed_failed")
    assert failed.data["feed"] == "osv"
    assert vulnerabilities.generation(world) == 1
    assert vulnerabilities.feed_ages(world)[0].records == 1


def test_an_old_feed_turns_no_known_flaw_into_not_known(maker, world, clock):
    assert not vulnerabilities.feeds_fresh(world)
    maker.feed(kev(FLAW, released=iso(clock.now())))
    assert vulnerabilities.feeds_fresh(world)
    clock.advance(timedelta(hours=25))
    assert not vulnerabilities.feeds_fresh(world)


@pytest.mark.parametrize(
    ("said", "error", "says"),
    [
        pytest.param({"status": "unsure"}, Invalid, "VEX status", id="no such status"),
        pytest.param({"status": "not_affected"}, Refused, "justification", id="not affected without a reason"),
        pytest.param(
            {"status": "not_affected", "justification": "because"}, Invalid, "justification", id="no such reason"
        ),
        pytest.param({"status": "affected"}, Refused, "action", id="affected without an action"),
        pytest.param({"status": "affected", "action": " "}, Refused, "action", id="an empty action"),
        pytest.param({"status": "under_investigation", "statement": "x" * 4001}, Invalid, "4000", id="too long"),
    ],
)
def test_judgements_that_cannot_be(world, staff, case, said, error, says):
    with pytest.raises(error, match=says):
        vulnerabilities.judge(world, staff, case, **said)
    assert happened(world, "judged") == []


@pytest.mark.parametrize("justification", vulnerabilities.JUSTIFICATIONS)
def test_every_vex_justification(world, staff, case, justification):
    one = vulnerabilities.judge(world, staff, case, "not_affected", justification, "We never call it.")
    assert (one.status, one.justification, one.statement) == ("not_affected", justification, "We never call it.")
    (said,) = happened(world, "judged")
    assert said.data["justification"] == justification
    assert said.actor == str(staff)


def test_fixed_needs_a_release_that_is_free_of_it(maker, world):
    maker.feed(osv("GHSA-1"))
    maker.ship("1.0.0", "pillow==10.0.0")
    vulnerabilities.match(world)
    with pytest.raises(Refused, match="free of GHSA-1"):
        vulnerabilities.judge(world, maker.staff, maker.the_case().id, "fixed")
    maker.ship("1.0.1", "pillow==10.0.1")
    vulnerabilities.match(world)
    assert vulnerabilities.judge(world, maker.staff, maker.the_case().id, "fixed").status == "fixed"


def test_a_case_closes_only_when_every_device_is_accounted_for(maker, world, staff, case):
    with pytest.raises(Refused, match="waits for a decision"):
        vulnerabilities.close(world, staff, case)
    affected(world, staff, case)
    with pytest.raises(Refused, match="2 exposed devices are neither fixed nor accounted for"):
        vulnerabilities.close(world, staff, case)
    maker.devices("1.0.1", "cam-1-001")
    vulnerabilities.account_for(world, staff, case, "cam-1-002", "In a museum, without a network.")
    assert vulnerabilities.close(world, staff, case).state == "closed"
    (closed,) = happened(world, "case_closed")
    assert closed.data == {"case": case, "exposed": 2, "fixed": 1, "accounted": 1}
    assert vulnerabilities.close(world, staff, case).state == "closed"
    assert len(happened(world, "case_closed")) == 1


def test_a_retired_device_is_accounted_for_and_not_fixed(maker, world, staff, case):
    affected(world, staff, case)
    maker.devices("1.0.1", "cam-1-001")
    devices.retire(world, staff, "cam-1-002", "returned")
    vulnerabilities.close(world, staff, case)
    assert happened(world, "case_closed")[0].data == {"case": case, "exposed": 2, "fixed": 1, "accounted": 1}


def test_a_version_that_we_never_released_is_no_fix(maker, world, staff, case):
    affected(world, staff, case)
    maker.devices("1.0.1", "cam-1-001")
    maker.devices("9.9.9", "cam-1-002")
    vulnerabilities.close(world, staff, case)
    assert happened(world, "case_closed")[0].data["fixed"] == 1


def test_not_affected_closes_without_touching_a_device(world, staff, case):
    vulnerabilities.judge(world, staff, case, "not_affected", "vulnerable_code_not_present")
    vulnerabilities.close(world, staff, case)
    assert happened(world, "case_closed")[0].data == {"case": case, "exposed": 2, "fixed": 0, "accounted": 2}


def test_a_closed_case_is_not_judged(world, staff, case):
    vulnerabilities.judge(world, staff, case, "not_affected", "vulnerable_code_not_present")
    vulnerabilities.close(world, staff, case)
    with pytest.raises(Refused, match="closed"):
        affected(world, staff, case)


def test_only_exposed_devices_are_accounted_for(world, staff, case):
    with pytest.raises(Refused, match="does not run an affected release"):
        vulnerabilities.account_for(world, staff, case, "cam-1-003", "why not")
    with pytest.raises(Invalid, match="reason"):
        vulnerabilities.account_for(world, staff, case, "cam-1-001", "  ")
    vulnerabilities.account_for(world, staff, case, "cam-1-001", "lost")
    assert vulnerabilities.accounted(world, case) == {"cam-1-001": "lost"}
    assert vulnerabilities.unaccounted(world, case) == ["cam-1-002"]
    assert happened(world, "device_accounted")[0].data == {"case": case, "device": "cam-1-001", "reason": "lost"}


def test_what_is_not_there(world, staff):
    for act in (
        lambda: vulnerabilities.judge(world, staff, "nothing", "fixed"),
        lambda: vulnerabilities.account_for(world, staff, "nothing", "cam-1-001", "x"),
        lambda: vulnerabilities.close(world, staff, "nothing"),
    ):
        with pytest.raises(NotFound):
            act()


def test_no_event_names_a_person(world, staff, case):
    affected(world, staff, case)
    with world.look() as connection:
        assert "@" not in json.dumps([dict(entry.data) for entry in ledger.read(connection)])
