"""What makes a case urgent is read from feeds, declaration and fleet."""

import pytest
from flaws_sample import kev, osv

from careful import vulnerabilities
from careful.kernel.errors import NotFound

CVE = "CVE-2026-10001"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
METRIC = {"cvssData": {"baseScore": 8.8, "vectorString": VECTOR}}
EPSS = f"#model_version:v1,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\n{CVE},0.9,0.99\n"


def test_it_is_read_from_where_it_is_known(maker):
    maker.feed(osv("OSV-1", aliases=[CVE]))
    maker.ship("1.0.0", "pillow==9.0.0")
    maker.devices("1.0.0", "cam-1-001", "cam-1-002")
    vulnerabilities.match(maker.world)
    [case] = vulnerabilities.cases(maker.world)
    before = vulnerabilities.urgency(maker.world, case.id)
    assert "not known here" in before[1]
    assert "what an attacker needs is not known" in before[2]
    assert before[4] == "2 of 2 devices run it (100%)."
    scores = maker.folder / "epss.csv"
    scores.write_text(EPSS)
    vulnerabilities.import_feed(maker.world, maker.staff, scores)
    maker.feed({"cve": {"id": CVE, "lastModified": "2026-01-01T00:00:00.000", "metrics": {"cvssMetricV31": [METRIC]}}})
    after = vulnerabilities.urgency(maker.world, case.id)
    assert "likely: 90.0% (EPSS)" in after[1]
    assert "(CVSS 3.1)" in after[2]
    maker.feed(osv("OSV-2", "pyjwt", aliases=["CVE-2026-10002"], severity=[{"type": "CVSS_V3", "score": VECTOR}]))
    maker.ship("1.0.1", "pyjwt==1.0")
    vulnerabilities.match(maker.world)
    [other] = [one for one in vulnerabilities.cases(maker.world) if one.id != case.id]
    assert "(CVSS 3.1)" in vulnerabilities.urgency(maker.world, other.id)[2]
    maker.feed(kev(CVE))
    assert "since 2026-11-01" in vulnerabilities.urgency(maker.world, case.id)[1]


def test_a_case_of_a_flaw_that_got_its_number_late_is_known_as_exploited(maker):
    maker.feed(osv("GHSA-1"))
    maker.ship("1.0.0", "pillow==9.0.0")
    vulnerabilities.match(maker.world)
    maker.feed(osv("GHSA-1", aliases=[CVE], modified="2026-10-02T00:00:00Z"))
    maker.feed(kev(CVE))
    vulnerabilities.match(maker.world)
    [case] = vulnerabilities.cases(maker.world)
    assert (case.flaw, case.exploited) == ("GHSA-1", True)
    assert "since 2026-11-01" in vulnerabilities.urgency(maker.world, case.id)[1]


def test_many_in_brief_are_what_each_is_alone(maker):
    maker.feed(osv("OSV-1", aliases=[CVE]), osv("OSV-2", "pyjwt"))
    maker.ship("1.0.0", "pillow==9.0.0", "pyjwt==1.0")
    maker.ship("1.0.0", "pyjwt==1.0", product="lock-1")
    maker.devices("1.0.0", "cam-1-001", "cam-1-002")
    maker.devices("0.9.0", "cam-1-003")
    maker.feed(kev(CVE))
    vulnerabilities.match(maker.world)
    cases = vulnerabilities.cases(maker.world)
    found = vulnerabilities.urgency_in_brief(maker.world, cases)
    assert len(found) == len(cases) == 3
    by_case = {(one.flaw, one.product): found[one.id] for one in cases}
    assert by_case[CVE, "cam-1"].startswith("exploited, listed by CISA since 2026-11-01")
    assert "2 of 3 devices (67%)" in by_case[CVE, "cam-1"]
    assert "no device known" in by_case["OSV-2", "lock-1"]
    for one in cases:
        assert vulnerabilities.urgency_in_brief(maker.world, [one]) == {one.id: found[one.id]}
    assert vulnerabilities.urgency_in_brief(maker.world, []) == {}


def test_who_of_the_staff_says_so_is_said(maker):
    maker.feed(osv("OSV-1", aliases=[CVE]))
    maker.ship("1.0.0", "pillow==9.0.0")
    vulnerabilities.match(maker.world)
    [case] = vulnerabilities.cases(maker.world)
    said = vulnerabilities.Said("staff:ann", maker.world.clock.now(), "Seen in our logs")
    assert "says staff:ann" in vulnerabilities.urgency(maker.world, case.id, said)[1]
    assert "says staff:ann" in vulnerabilities.urgency_in_brief(maker.world, [case], {case.id: said})[case.id]


def test_a_case_that_is_not_there(world):
    with pytest.raises(NotFound):
        vulnerabilities.urgency(world, "none")
