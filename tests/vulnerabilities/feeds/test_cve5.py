"""CVE records: whose word a row is, and under which names."""

import contextlib
import copy
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.feeds.cve5 import parse
from careful.vulnerabilities.feeds.record import Malformed

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", "../shared/data")) / "feeds" / "cve5-vulnrichment.tar.zst"
CURL = "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*"


def record(*affected, adp=(), metrics=(), state="PUBLISHED"):
    return {
        "cveMetadata": {"cveId": "CVE-2024-1", "state": state, "dateUpdated": "2024-05-01T10:00:00.000Z"},
        "containers": {
            "cna": {
                "title": "A flaw",
                "descriptions": [{"lang": "en", "value": "Long words."}],
                "affected": list(affected),
                "metrics": list(metrics),
            },
            "adp": [{"affected": list(adp)}] if adp else [],
        },
    }


def product(vendor="Acme", name="Thing", **more):
    return {
        "vendor": vendor,
        "product": name,
        "versions": [{"version": "1.0", "lessThan": "2.0", "status": "affected"}],
    } | more


def test_a_record_as_a_cna_writes_it():
    found = parse(record(product(defaultStatus="unaffected")))
    (row,) = found.affected
    assert (found.id, found.summary, found.withdrawn) == ("CVE-2024-1", "A flaw", False)
    assert (row.source, row.key, row.cpe, row.closed) == ("cna", "thing", "cpe:2.3:*:acme:thing:*:*:*:*:*:*:*:*", True)


def test_cisa_gives_the_cnas_product_its_vendor():
    rows = parse(record(product("n/a", "curl"), adp=[product("haxx", "curl", cpes=[CURL])])).affected
    assert {(one.source, one.cpe.split(":")[3]) for one in rows} == {("cna", "haxx"), ("adp", "haxx")}


def test_words_leave_open_whether_it_is_an_operating_system():
    kernel = "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"
    adp = [product("linux", "linux_kernel", cpes=[kernel])]
    rows = parse(record(product("Linux", "Linux"), adp=adp)).affected
    assert {one.cpe for one in rows} == {kernel, kernel.replace(":o:", ":*:")}


def test_what_is_stated_in_versions_is_not_read_in_commits():
    commits = {"version": "1da177e4c3f4", "lessThan": "4b9b", "status": "affected", "versionType": "git"}
    rows = parse(record(product("Linux", "Linux", versions=[commits]), product("Linux", "Linux"))).affected
    assert {one.condition for one in rows} == {""}
    rows = parse(record(product("Linux", "Linux", versions=[commits]))).affected
    assert {one.condition for one in rows} == {"its range is given in commits, not versions"}


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"collectionURL": "https://pypi.python.org", "packageName": "Apache_Airflow"}, "pypi/apache-airflow"),
        ({"collectionURL": "https://repo.maven.apache.org/maven2", "packageName": "org.a:b"}, "maven/org.a/b"),
        ({"packageURL": "pkg:npm/%40a/b"}, "npm/@a/b"),
    ],
)
def test_a_package_of_a_registry(more, key):
    assert key in {one.key for one in parse(record(product(**more))).affected if one.kind == "purl"}


def test_files_at_fault_are_kept():
    (row, *_) = parse(record(product(programFiles=["b.c", "a.c", "a.c"]))).affected
    assert row.files == ("a.c", "b.c")


def test_severity_and_cisas_choices():
    ssvc = {"options": [{"Exploitation": "active"}, {"Automatable": "yes"}, {"Technical Impact": "total"}]}
    found = parse(
        record(
            product(),
            metrics=[
                {"cvssV3_1": {"baseScore": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
                {"other": {"type": "ssvc", "content": ssvc}},
            ],
        )
    )
    assert (found.severity, found.vector[:8], found.ssvc) == ("critical", "CVSS:3.1", "active/yes/total")


def test_a_rejected_record_is_withdrawn():
    assert parse(record(state="REJECTED")).withdrawn


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        pytest.param(lambda raw: raw.pop("cveMetadata"), "cveMetadata", id="no number"),
        pytest.param(lambda raw: raw["containers"]["cna"].update(affected="x"), "affected", id="no list"),
        pytest.param(
            lambda raw: raw["containers"]["cna"]["affected"][0].update(versions=[1]), "versions", id="no entry"
        ),
    ],
)
def test_a_malformed_record_names_the_place(spoil, place):
    raw = copy.deepcopy(record(product()))
    spoil(raw)
    with pytest.raises(Malformed, match=place):
        parse(raw)


FIELDS = st.sampled_from(["cveMetadata", "cveId", "containers", "cna", "affected", "versions"])


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda part: st.lists(part, max_size=3) | st.dictionaries(FIELDS, part, max_size=3),
    )
)
def test_anything_is_read_or_refused(raw):
    with contextlib.suppress(Malformed):
        parse(raw)


def test_real_records(tmp_path):
    if not DATA.exists():
        pytest.skip(f"{DATA} is not there: set CAREFUL_TEST_DATA")
    subprocess.run(["tar", "--zstd", "-xf", DATA, "-C", tmp_path, "2023/38xxx"], check=True)
    found = [parse(msgspec.json.decode(path.read_bytes())) for path in tmp_path.rglob("CVE-*.json")]
    assert len(found) > 100
    curl = next(one for one in found if one.id == "CVE-2023-38545")
    assert "cpe:2.3:*:haxx:curl:*:*:*:*:*:*:*:*" in {one.cpe for one in curl.affected}
