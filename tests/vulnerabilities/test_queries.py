"""Asking for cases, findings and exposure."""

import pytest
from flaws_sample import kev, osv
from sqlalchemy import event

from careful import vulnerabilities
from careful.kernel.errors import NotFound


@pytest.fixture
def two(maker, world):
    maker.feed(
        osv(
            "GHSA-1",
            aliases=["CVE-1"],
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        ),
        osv("GHSA-2", "urllib3", [("0", "3")], ["CVE-2"]),
    )
    maker.feed(kev("CVE-2023-9999"))
    maker.ship("1.0.0", "pillow==10.0.0", "urllib3==2.0.4", "libz")
    maker.ship("1.1.0", "pillow==10.0.0", "urllib3==2.0.5")
    vulnerabilities.match(world)
    return {one.flaw: one for one in vulnerabilities.cases(world)}


def test_what_is_due_first_leads_and_what_is_exploited_before_that(maker, world, two):
    assert [one.flaw for one in vulnerabilities.cases(world)] == ["CVE-1", "CVE-2"]
    maker.feed(kev("CVE-2023-9999"))
    assert two["CVE-1"].releases == ("1.0.0", "1.1.0")


def test_filters(world, two):
    assert vulnerabilities.cases(world, "closed") == []
    assert len(vulnerabilities.cases(world, "open", "cam-1")) == 2
    assert vulnerabilities.cases(world, product="lock-1") == []
    assert len(vulnerabilities.findings(world)) == 4
    assert len(vulnerabilities.findings(world, flaw="CVE-2", product="cam-1")) == 2


def test_one_case_is_the_same_alone_and_in_the_list(world, two):
    assert vulnerabilities.case(world, two["CVE-1"].id) == two["CVE-1"]
    with pytest.raises(NotFound, match="no case"):
        vulnerabilities.case(world, "nothing")


def test_exposure_by_version(maker, world, two):
    maker.devices("1.0.0", "cam-1-001", "cam-1-002")
    maker.devices("1.1.0", "cam-1-003")
    vulnerabilities.note_exposure(world)
    found = vulnerabilities.exposed(world, two["CVE-1"].id)
    assert sorted(found.devices) == ["cam-1-001", "cam-1-002", "cam-1-003"]
    assert found.by_version == {"1.0.0": 2, "1.1.0": 1}
    assert vulnerabilities.exposure_counts(world) == {one.id: 3 for one in two.values()}


def test_devices_are_found_by_release_and_never_one_by_one(maker, world, two):
    maker.devices("1.0.0", *(f"cam-1-{number:03}" for number in range(20)))
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        assert len(vulnerabilities.exposed(world, two["CVE-1"].id).devices) == 20
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)
    assert sum("devices_device" in statement for statement in statements) == 2  # which, and how many by version


def test_what_could_not_be_looked_up_is_listed_with_the_reason(world, two):
    release = next(one for one in vulnerabilities.matched(world))
    reasons = {
        component.name: reason
        for one in vulnerabilities.matched(world)
        for component, reason in vulnerabilities.unmatched(world, one)
    }
    assert release
    assert reasons == {"libz": "no version"}
