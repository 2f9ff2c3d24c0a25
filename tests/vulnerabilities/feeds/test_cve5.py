"""CVE records: whose word a row is, and under which names."""

import contextlib
import copy
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.deciding import in_range
from careful.vulnerabilities.feeds.cve5 import parse
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.ranges import Range

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


@pytest.mark.parametrize("text", ["Acme Gate 1.0", "Gate 1.0", "1.0", "gate version 1.0"])
def test_the_products_name_before_a_version_is_no_version(text):
    for name in ("Acme Gate", "Gate"):
        rows = parse(record(product("Acme", name, versions=[{"version": text, "status": "affected"}]))).affected
        assert {in_range("1.0", row)[0] for row in rows} == {"yes"}


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


RPM = [{"version": "0:4.18.0-553.el8_10", "lessThan": "*", "status": "unaffected", "versionType": "rpm"}]


def of_red_hat(*cpes, **more):
    place = "https://access.redhat.com/downloads/content/package-browser/"
    whole = {
        "collectionURL": place,
        "packageName": "kernel",
        "cpes": list(cpes),
        "versions": RPM,
        "defaultStatus": "affected",
    } | more
    return parse(record(product("Red Hat", "Red Hat Enterprise Linux 8", **whole))).affected


def test_a_package_of_red_hat_has_versions_of_its_own():
    """The CPE name beside it is the distribution's release, whose version says nothing of the package's."""
    (row,) = of_red_hat("cpe:/o:redhat:enterprise_linux:8::baseos", "cpe:/a:redhat:enterprise_linux:8::nfv")
    assert (row.kind, row.key, row.scheme, row.distro) == ("purl", "rpm/redhat/kernel", "rpm", "redhat:8")
    assert in_range("4.18.0-500.el8", row)[0] == "yes"
    assert in_range("4.18.0-553.el8_10", row)[0] == "no"
    (stream,) = of_red_hat("cpe:/a:redhat:rhel_eus:8.6::appstream")
    assert stream.distro == "redhat:8.6"
    (fedora,) = of_red_hat(collectionURL="https://packages.fedoraproject.org/")
    assert (fedora.key, fedora.distro) == ("rpm/fedora/kernel", "")


def test_a_package_in_a_product_on_top_of_red_hat_is_for_a_person():
    (row,) = of_red_hat("cpe:/a:redhat:openshift:4.14::el8")
    assert (row.key, row.condition) == ("openshift", "its versions are those of the package kernel in it")
    assert of_red_hat("cpe:/a:redhat:openshift:4.14::el8", defaultStatus="unaffected", versions=[]) == ()


@pytest.mark.parametrize(
    ("more", "cpe"),
    [
        pytest.param(
            {"packageName": "moodle", "collectionURL": "https://git.moodle.org"}, "*:moodle", id="its package"
        ),
        pytest.param(
            {"packageName": "qemu", "collectionURL": "https://gitlab.com/qemu-project/qemu"},
            "qemu-project:qemu",
            id="its repository",
        ),
    ],
)
def test_a_product_that_is_only_a_package(more, cpe):
    rows = parse(record(product(None, None, **more))).affected
    assert {":".join(row.cpe.split(":")[3:5]) for row in rows} == {cpe}


def configured(*matches, **node):
    return [{"nodes": [{"operator": "OR", "negate": False, "cpeMatch": list(matches)} | node]}]


def matching(name, **bounds):
    return {"vulnerable": True, "criteria": f"cpe:2.3:a:{name}:*:*:*:*:*:*:*:*"} | bounds


def with_configuration(said, *affected):
    raw = record(*affected)
    raw["containers"]["cna"]["cpeApplicability"] = said
    return parse(raw).affected


def test_what_a_record_says_in_nvds_way():
    said = configured(matching("acme:gateway", versionStartIncluding="1.0", versionEndExcluding="1.4"))
    (row,) = with_configuration(said)
    assert (row.source, row.key, row.ranges) == ("cna", "gateway", (Range("1.0", fixed="1.4"),))
    two = configured(matching("acme:gateway"), matching("acme:relay"), operator="AND")
    assert {one.condition for one in with_configuration(two)} == {
        "only together with the other products of its configuration"
    }


def test_what_a_record_says_twice_is_taken_from_its_own_versions():
    said = configured(matching("acme:thing", versionEndExcluding="9.9"))
    assert [one.ranges for one in with_configuration(said, product())] == [(Range("1.0", fixed="2.0"),)]
    in_words = product(versions=[{"version": "various", "status": "affected"}])
    assert (Range(fixed="9.9"),) in [one.ranges for one in with_configuration(said, in_words)]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([{"$comment": "a note"}], id="no nodes"),
        pytest.param(
            configured({"vulnerable": True, "criteria": "jvnpid:1.0::acme:thing:1"}), id="a name of another kind"
        ),
        pytest.param(["x"], id="a text"),
    ],
)
def test_what_is_no_configuration_does_not_cost_the_record(said):
    assert len(with_configuration(said, product())) == 1


def test_a_record_without_a_date_of_its_own_has_that_of_its_publication():
    """As in OpenSSL's own folder: it must not replace what the CVE list says since."""
    raw = record(product())
    del raw["cveMetadata"]["dateUpdated"]
    assert parse(raw).modified is None
    raw["containers"]["cna"]["datePublic"] = "2024-01-25T00:00:00.000Z"
    assert parse(raw).modified == datetime(2024, 1, 25, tzinfo=UTC)
    raw["containers"]["cna"]["providerMetadata"] = {"dateUpdated": "2024-02-01T00:00:00Z"}
    assert parse(raw).modified == datetime(2024, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        pytest.param({"text": "Low"}, "low", id="OpenSSL's"),
        pytest.param({"value": "Important", "namespace": "https://access.redhat.com"}, "high", id="Red Hat's"),
        pytest.param({"text": "unknown"}, "unknown", id="not said"),
        pytest.param("x", "unknown", id="a text"),
    ],
)
def test_a_severity_in_words(content, severity):
    metrics = [{"format": "other", "other": {"type": "policy", "content": content}}]
    assert parse(record(product(), metrics=metrics)).severity == severity


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
