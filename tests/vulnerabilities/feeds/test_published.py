"""Lists as their makers publish them, in a folder as they come; each is known by its content and looked up in."""

import gzip
import io
import json
import lzma
import zipfile
from datetime import UTC, datetime

import pytest

from careful import releases, vulnerabilities

NOW = datetime(2026, 11, 3, tzinfo=UTC)

CURL = [
    {
        "schema_version": "1.5.0",
        "id": "CURL-CVE-2023-38545",
        "aliases": ["CVE-2023-38545"],
        "summary": "SOCKS5 heap buffer overflow",
        "modified": "2026-05-19T11:21:50.00Z",
        "database_specific": {"package": "curl", "affects": "both", "severity": "High", "last_affected": "8.3.0"},
        "published": "2023-10-11T08:00:00.00Z",
        "affected": [
            {
                "ranges": [
                    {"type": "SEMVER", "events": [{"introduced": "7.69.0"}, {"fixed": "8.4.0"}]},
                    {
                        "type": "GIT",
                        "repo": "https://github.com/curl/curl.git",
                        "events": [{"introduced": "4a4b63da"}, {"fixed": "fb4415d8"}],
                    },
                ],
                "versions": ["8.3.0", "8.2.1", "7.88.1"],
            }
        ],
    }
]
OPENSSL = {
    "dataType": "CVE_RECORD",
    "dataVersion": "5.0",
    "cveMetadata": {"cveId": "CVE-2024-0727", "state": "PUBLISHED", "serial": 1},
    "containers": {
        "cna": {
            "affected": [
                {
                    "defaultStatus": "unaffected",
                    "product": "OpenSSL",
                    "vendor": "OpenSSL",
                    "versions": [
                        {"lessThan": "3.0.13", "status": "affected", "version": "3.0.0", "versionType": "semver"},
                        {"lessThan": "1.1.1x", "status": "affected", "version": "1.1.1", "versionType": "custom"},
                    ],
                }
            ],
            "datePublic": "2024-01-25T00:00:00.000Z",
            "descriptions": [{"lang": "en", "value": "PKCS12"}],
            "metrics": [{"format": "other", "other": {"type": "policy", "content": {"text": "Low"}}}],
        }
    },
}
GITHUB = {
    "schema_version": "1.4.0",
    "id": "GHSA-h75v-3vvj-5mfj",
    "modified": "2024-05-06T14:21:27Z",
    "aliases": ["CVE-2024-34064"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.4"}]}],
            "database_specific": {"last_known_affected_version_range": "<= 3.1.3"},
        }
    ],
    "database_specific": {"severity": "MODERATE", "github_reviewed": True},
}
GO = {
    "schema_version": "1.3.1",
    "id": "GO-2024-2687",
    "modified": "2024-04-05T20:12:41Z",
    "aliases": ["CVE-2023-45288"],
    "affected": [
        {
            "package": {"name": "stdlib", "ecosystem": "Go"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.21.9"}]}],
            "ecosystem_specific": {"imports": [{"path": "net/http"}]},
        }
    ],
}
PYPA = b"""id: PYSEC-2023-175
details: Pillow versions before v10.0.1 bundled libwebp
affected:
- package:
    ecosystem: PyPI
    name: Pillow
    purl: pkg:pypi/pillow
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: 10.0.1
  versions:
  - "1.0"
modified: "2023-09-20T18:22:54Z"
aliases:
- CVE-2023-4863-PIL
"""
UBUNTU = {
    "id": "UBUNTU-CVE-2024-2961",
    "modified": "2024-10-01T00:00:00Z",
    "upstream": ["CVE-2024-2961"],
    "severity": [{"type": "Ubuntu", "score": "medium"}],
    "affected": [
        {
            "package": {
                "ecosystem": "Ubuntu:22.04:LTS",
                "name": "glibc",
                "purl": "pkg:deb/ubuntu/glibc@2.35-0ubuntu3.7?arch=source&distro=jammy",
            },
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.35-0ubuntu3.7"}]}],
            "versions": ["2.35-0ubuntu3.6"],
        }
    ],
}
BUSYBOX = {
    "id": "CVE-2022-28391",
    "sourceIdentifier": "cve@mitre.org",
    "lastModified": "2024-11-21T06:57:16.957",
    "vulnStatus": "Modified",
    "descriptions": [{"lang": "en", "value": "BusyBox through 1.35.0"}],
    "metrics": {"cvssMetricV31": [{"cvssData": {"baseScore": 8.8, "vectorString": "CVSS:3.1/AV:N"}}]},
    "configurations": [
        {
            "nodes": [
                {
                    "operator": "OR",
                    "negate": False,
                    "cpeMatch": [
                        {
                            "vulnerable": True,
                            "criteria": "cpe:2.3:a:busybox:busybox:*:*:*:*:*:*:*:*",
                            "versionEndIncluding": "1.35.0",
                            "matchCriteriaId": "17E7CEF2",
                        }
                    ],
                }
            ]
        }
    ],
}
YEAR = {
    "resultsPerPage": 1,
    "startIndex": 0,
    "totalResults": 1,
    "format": "NVD_CVE",
    "version": "2.0",
    "timestamp": "2026-11-01T00:00:00.000",
    "vulnerabilities": [{"cve": BUSYBOX}],
}
DEFERRED = {key: value for key, value in BUSYBOX.items() if key != "configurations"} | {
    "id": "CVE-2026-1001",
    "vulnStatus": "Deferred",
}
EPSS = b"#model_version:v2025.03.14,score_date:2026-11-01T12:55:00Z\ncve,epss,percentile\nCVE-2022-28391,0.02,0.8\n"
KEV = {
    "title": "CISA Catalog of Known Exploited Vulnerabilities",
    "catalogVersion": "2026.11.01",
    "dateReleased": "2026-11-01T18:00:00.000Z",
    "count": 1,
    "vulnerabilities": [{"cveID": "CVE-2022-28391", "dateAdded": "2026-10-30", "vendorProject": "BusyBox"}],
}


def packed(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name.replace("__", "/") + ".json", json.dumps(raw))
    return content.getvalue()


def written(raw):
    return json.dumps(raw, indent=2).encode()


def part(purl="", cpe="", version=""):
    return releases.Found(purl or cpe, version, purl=purl, cpe=cpe)


@pytest.mark.parametrize(
    ("name", "content", "feed", "component", "flaw"),
    [
        pytest.param(
            "vuln.json",
            written(CURL),
            "osv",
            part(cpe="cpe:2.3:a:haxx:curl:7.88.1:*:*:*:*:*:*:*", version="7.88.1"),
            "CVE-2023-38545",
            id="curl's own list",
        ),
        pytest.param(
            "secjson/CVE-2024-0727.json",
            written(OPENSSL),
            "cve5",
            part(cpe="cpe:2.3:a:openssl:openssl:1.1.1w:*:*:*:*:*:*:*", version="1.1.1w"),
            "CVE-2024-0727",
            id="OpenSSL's own folder",
        ),
        pytest.param(
            "advisories/github-reviewed/2024/05/GHSA-h75v-3vvj-5mfj/GHSA-h75v-3vvj-5mfj.json",
            written(GITHUB),
            "osv",
            part("pkg:pypi/Jinja2@3.1.3"),
            "CVE-2024-34064",
            id="GitHub's advisory database",
        ),
        pytest.param(
            "data/osv/GO-2024-2687.json",
            written(GO),
            "osv",
            part("pkg:golang/stdlib@1.21.8"),
            "CVE-2023-45288",
            id="Go",
        ),
        pytest.param(
            "vulns/pillow/PYSEC-2023-175.yaml",
            PYPA,
            "osv",
            part("pkg:pypi/pillow@9.0.0"),
            "CVE-2023-4863-PIL",
            id="PyPA",
        ),
        pytest.param(
            "osv/cve/2024/UBUNTU-CVE-2024-2961.json",
            written(UBUNTU),
            "osv",
            part("pkg:deb/ubuntu/glibc@2.35-0ubuntu3.6?distro=ubuntu-22.04"),
            "CVE-2024-2961",
            id="Ubuntu's",
        ),
        pytest.param(
            "all.zip", packed(a=GITHUB), "osv", part("pkg:pypi/jinja2@3.1.3"), "CVE-2024-34064", id="an ecosystem's zip"
        ),
        pytest.param(
            "nvdcve-2.0-2022.json.gz",
            gzip.compress(written(YEAR)),
            "nvd",
            part(cpe="cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*", version="1.35.0"),
            "CVE-2022-28391",
            id="a year of NVD",
        ),
        pytest.param(
            "CVE-2022/CVE-2022-283xx/CVE-2022-28391.json",
            written(BUSYBOX),
            "nvd",
            part(cpe="cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*", version="1.35.0"),
            "CVE-2022-28391",
            id="a record of NVD's mirror",
        ),
        pytest.param(
            "CVE-2022.json.xz",
            lzma.compress(written({"feed_name": "CVE-2022", "cve_items": [BUSYBOX, DEFERRED]})),
            "nvd",
            part(cpe="cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*", version="1.35.0"),
            "CVE-2022-28391",
            id="a year of NVD's mirror",
        ),
        pytest.param(
            "2026-11-01_all_CVEs_at_midnight.zip.zip",
            packed(cves__2024__0xxx__CVE=OPENSSL, cves__delta={"fetchTime": "2026-11-01", "new": []}),
            "cve5",
            part(cpe="cpe:2.3:a:openssl:openssl:3.0.12:*:*:*:*:*:*:*", version="3.0.12"),
            "CVE-2024-0727",
            id="the CVE list",
        ),
    ],
)
def test_a_list_as_it_is_published(tmp_path, name, content, feed, component, flaw):
    path = tmp_path / "given" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (tmp_path / "given" / "kev.json").write_bytes(written(KEV))
    (tmp_path / "given" / "epss_scores-current.csv.gz").write_bytes(gzip.compress(EPSS))
    file = tmp_path / "feeds.sqlite"
    reports = {one.feed: one for one in vulnerabilities.build_feed_file(file, tmp_path / "given", NOW)}
    assert {feed, "kev", "epss"} <= set(reports)
    looked = vulnerabilities.look_up_in(file, [component])
    assert [(one.flaw, one.certainty) for one in looked.found.matches] == [(flaw, "affected")]
    assert looked.exploited == {"CVE-2022-28391"}
    assert bool(looked.scores) == (flaw == "CVE-2022-28391")


def test_a_record_that_nvd_never_enriched_is_one_all_the_same(tmp_path):
    (tmp_path / "CVE-2026-1001.json").write_bytes(written(DEFERRED))
    (report,) = vulnerabilities.build_feed_file(tmp_path / "feeds.sqlite", tmp_path, NOW)
    assert (report.feed, report.taken, report.refused_count) == ("nvd", 1, 0)
