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


def test_a_case_that_is_not_there(world):
    with pytest.raises(NotFound):
        vulnerabilities.urgency(world, "none")
