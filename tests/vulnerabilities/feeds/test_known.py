"""What is known of flaws is read for all at once, by their own names and by those that records give them."""

import json

import pytest
from flaws_sample import kev, osv

from careful import vulnerabilities
from careful.vulnerabilities.feeds import database
from careful.vulnerabilities.feeds.known import Known, known_of

CVE, GHSA = "CVE-2026-10001", "GHSA-aaaa-bbbb-cccc"
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
RATED = {"severity": [{"type": "CVSS_V3", "score": V3}]}


def _nvd(vector):
    data = {"baseScore": 8.8, "vectorString": vector}
    return {
        "cve": {
            "id": CVE,
            "lastModified": "2026-01-01T00:00:00.000",
            "metrics": {"cvssMetricV31": [{"cvssData": data}]},
        }
    }


def _cve5(ssvc):
    options = [{"Exploitation": ssvc}, {"Automatable": "no"}, {"Technical Impact": "total"}]
    content = {"id": CVE, "role": "CISA Coordinator", "options": options, "version": "2.0.3"}
    adp = {
        "providerMetadata": {"shortName": "CISA-ADP", "orgId": "x"},
        "metrics": [{"other": {"type": "ssvc", "content": content}}],
    }
    cna = {
        "providerMetadata": {"shortName": "x", "orgId": "x"},
        "affected": [],
        "descriptions": [{"lang": "en", "value": "x"}],
    }
    meta = {"cveId": CVE, "state": "PUBLISHED", "dateUpdated": "2026-01-01T00:00:00Z", "assignerShortName": "x"}
    return {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": meta,
        "containers": {"cna": cna, "adp": [adp]},
    }


@pytest.mark.parametrize(
    ("documents", "wanted", "expected"),
    [
        pytest.param([], CVE, Known(), id="nothing"),
        pytest.param([osv(CVE, **RATED)], CVE, Known(vector=V3), id="its own record"),
        pytest.param([osv(GHSA, aliases=[CVE], **RATED)], CVE, Known(vector=V3), id="a record that calls it so"),
        pytest.param([osv(GHSA, aliases=[f"{CVE}9"], **RATED)], CVE, Known(), id="a longer number is another"),
        pytest.param([osv(CVE, **RATED), _nvd(V4)], CVE, Known(vector=V4), id="NVD before OSV"),
        pytest.param([kev(CVE)], CVE, Known(exploited_since="2026-11-01"), id="in the catalogue"),
        pytest.param(
            [osv(GHSA, aliases=[CVE], **RATED), kev(CVE)],
            GHSA,
            Known(exploited_since="2026-11-01", vector=V3),
            id="in the catalogue under its number",
        ),
        pytest.param([_cve5("active")], CVE, Known(ssvc="active/no/total"), id="SSVC"),
    ],
)
def test_what_is_known_of_one(maker, documents, wanted, expected):
    for one in documents:
        maker.feed(one)
    with database.opened(maker.world.home) as connection:
        assert known_of(connection, [wanted]) == {wanted: expected}


def test_many_at_once_and_a_score_of_another_name(maker):
    maker.feed(osv(GHSA, aliases=[CVE]))
    scores = maker.folder / "epss.csv"
    scores.write_text(f"#model_version:v1,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\n{CVE},0.9,0.99\n")
    vulnerabilities.import_feed(maker.world, maker.staff, scores)
    with database.opened(maker.world.home) as connection:
        found = known_of(connection, [GHSA, CVE, "CVE-2026-99999", json.dumps("'")])
    assert {name: one.epss for name, one in found.items()} == {
        GHSA: (0.9, 0.99),
        CVE: (0.9, 0.99),
        "CVE-2026-99999": None,
        json.dumps("'"): None,
    }
