"""From components and feed rows to findings: each rule, each doubt, each reason for silence."""

import pytest

from careful.releases import Found
from careful.releases.model import Statement
from careful.vulnerabilities.feeds.record import Affected, Row
from careful.vulnerabilities.matching import match, names_of
from careful.vulnerabilities.ranges import Range

PYPI = frozenset({("purl", "pypi")})
CPES = frozenset({("cpe", "")})
BEFORE_10_0_1 = (Range("0", fixed="10.0.1"),)
BEFORE_8_4_0 = (Range(fixed="8.4.0"),)
CURL = "cpe:2.3:a:haxx:curl:8.3.0:-:*:*:*:*:*:*"


def pypi(flaw="GHSA-1", package="pillow", aliases=(), ranges=BEFORE_10_0_1, **more):
    affected = Affected("purl", f"pypi/{package}", "pep440", ranges=tuple(ranges), **more)
    return Row("osv", flaw, tuple(aliases), "high", f"about {flaw}", affected)


def nvd(flaw="CVE-1", name="cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", product="curl", ranges=BEFORE_8_4_0, **more):
    affected = Affected("cpe", product, "generic", ranges=tuple(ranges), cpe=name, **more)
    return Row("nvd", flaw, (), "critical", "", affected)


def pillow(version="10.0.0", **more):
    return Found(name="pillow", version=version, purl=f"pkg:pypi/Pillow@{version}", **more)


def found_in(component, *rows, coverage=PYPI | CPES):
    return match([component], rows, coverage)


def test_a_finding_says_by_which_rule_and_on_what_evidence():
    (one,) = found_in(pillow(), pypi(aliases=["CVE-2023-4863"])).matches
    assert (one.flaw, one.certainty, one.rule, one.severity, one.fixed_version) == (
        "CVE-2023-4863",
        "affected",
        "purl",
        "high",
        "10.0.1",
    )
    assert one.evidence == "purl pkg:pypi/Pillow@10.0.0 in [0, 10.0.1) by GHSA-1 from osv"
    assert one.names == ("CVE-2023-4863", "GHSA-1")


@pytest.mark.parametrize(
    ("component", "row", "certainty"),
    [
        pytest.param(pillow("10.0.1"), pypi(), None, id="the fixed version"),
        pytest.param(pillow(), pypi(package="pillow-simd"), None, id="another package"),
        pytest.param(pillow(), pypi(ranges=(), versions=("10.0.0",)), "affected", id="a listed version"),
        pytest.param(pillow("10.0"), pypi(ranges=(), versions=("10.0.0",)), "affected", id="listed, spelt otherwise"),
        pytest.param(pillow(), pypi(ranges=()), "check", id="named without a range"),
        pytest.param(pillow(), pypi(ranges=(Range("a218cafe", fixed="11"),)), "check", id="a range of commits"),
        pytest.param(pillow(), pypi(condition="only together with x"), "check", id="a condition"),
        pytest.param(Found(name="curl", version="8.3.0", cpe=CURL), nvd(), "affected", id="by CPE"),
        pytest.param(
            Found(name="curl", version="8.3.0", cpe=CURL),
            nvd(ranges=(Range("8.4.0", fixed="8.4.0"),)),
            "check",
            id="an empty range (CVE-2023-38545)",
        ),
        pytest.param(
            Found(name="glibc", version="2.44-23-g11", cpe="cpe:2.3:a:gnu:glibc:2.44:-:*:*:*:*:*:*"),
            nvd(name="cpe:2.3:a:gnu:glibc:2.44:*:*:*:*:*:*:*", product="glibc", ranges=(), versions=("2.44",)),
            "affected",
            id="the CPE's own version counts",
        ),
    ],
)
def test_rules(component, row, certainty):
    found = found_in(component, row)
    assert [one.certainty for one in found.matches] == ([certainty] if certainty else [])
    assert found.unmatched == {}


def test_an_open_vendor_is_sure_only_where_one_vendor_has_such_a_product():
    yocto = Found(name="zlib", version="1.2", cpe="cpe:2.3:*:*:zlib:1.2:*:*:*:*:*:*:*")
    ours = nvd("CVE-1", "cpe:2.3:a:zlib:zlib:*:*:*:*:*:*:*:*", "zlib", (Range(fixed="1.3"),))
    other = nvd("CVE-2", "cpe:2.3:a:jp:zlib:*:*:*:*:*:*:*:*", "zlib", (Range(fixed="9"),))
    assert [one.certainty for one in found_in(yocto, ours).matches] == ["affected"]
    both = found_in(yocto, ours, other).matches
    assert [one.certainty for one in both] == ["check", "check"]
    assert "names no vendor" in both[0].evidence


def test_a_component_is_looked_up_by_every_name_it_has():
    curl = Found(name="curl", version="8.3.0", purl="pkg:generic/curl@8.3.0", cpe=CURL)
    assert [one.flaw for one in found_in(curl, nvd(), coverage=CPES).matches] == ["CVE-1"]
    debian = Found(name="libcurl4", version="7.88.1-10", purl="pkg:deb/debian/libcurl4@7.88.1-10?upstream=curl")
    assert {one.key for one in names_of(debian)} == {"deb/debian/libcurl4", "deb/debian/curl"}
    other = Found(name="libgcc", version="1:12.2", purl="pkg:deb/debian/libgcc@1:12.2?upstream=gcc%4012.2.0-14")
    assert {one.key: one.version for one in names_of(other)} == {
        "deb/debian/libgcc": "1:12.2",
        "deb/debian/gcc": "12.2.0-14",
    }


def test_the_epoch_of_an_rpm_is_a_part_of_its_version():
    openssl = Found(name="openssl", version="3.0.7-27", purl="pkg:rpm/redhat/openssl@3.0.7-27?epoch=1")
    assert [one.version for one in names_of(openssl)] == ["1:3.0.7-27"]
    with_it = Found(name="openssl", version="1:3.0.7-27", purl="pkg:rpm/redhat/openssl@1:3.0.7-27?epoch=1")
    assert [one.version for one in names_of(with_it)] == ["1:3.0.7-27"]


@pytest.mark.parametrize(
    ("distro", "certainty"),
    [
        pytest.param("?distro=debian-12", "affected", id="the release named"),
        pytest.param("?distro=debian-12.5", "affected", id="a point release of it"),
        pytest.param("?distro=bookworm", "affected", id="by its code name"),
        pytest.param("?distro=debian-11", None, id="another release"),
        pytest.param("", "check", id="no release named"),
    ],
)
def test_a_distributions_advisory_is_for_its_own_release(distro, certainty):
    affected = Affected(
        "purl", "deb/debian/curl", "dpkg", ranges=(Range("0", fixed="7.88.1-10+deb12u4"),), distro="debian:12"
    )
    row = Row("osv", "DSA-1", (), "high", "", affected)
    component = Found(name="curl", version="7.88.1-10", purl=f"pkg:deb/debian/curl@7.88.1-10{distro}")
    found = found_in(component, row, coverage=frozenset({("purl", "deb/debian")}))
    assert [one.certainty for one in found.matches] == ([certainty] if certainty else [])


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        pytest.param(Found(name="a", reason="no version"), "no version", id="its own reason first"),
        pytest.param(
            Found(name="a", version="1", purl="pkg:yocto/a@1"),
            "no feed here covers all of pkg:yocto; no record names it",
            id="no feed",
        ),
        pytest.param(
            Found(name="a", version="1", purl="pkg:generic/a@1", cpe="cpe:2.3:a:a:a:1:*:*:*:*:*:*:*"),
            "no feed here covers all of pkg:generic or CPE names; no record names it",
            id="neither name covered",
        ),
        pytest.param(
            Found(name="a", version="1", purl="pkg:deb/ubuntu/a@1"),
            "no feed here covers all of pkg:deb/ubuntu; no record names it",
            id="another distribution's feed",
        ),
        pytest.param(Found(name="a", version="1"), "no purl and no CPE", id="no name at all"),
        pytest.param(Found(name="a", version="1", purl="pkg:"), "no purl and no CPE that can be read", id="malformed"),
    ],
)
def test_what_cannot_be_looked_up_says_why(component, reason):
    whole = PYPI | {("purl", "deb/debian")}
    found = found_in(component, pypi(), coverage=whole)
    assert (found.unmatched, found.partly) == ({0: reason}, {})


def test_where_no_feed_covers_its_ecosystem_only_what_records_name_is_looked_up_and_in_part():
    """One record of an ecosystem once made all of it count as looked up."""
    rows = [pypi(), nvd()]
    assert found_in(Found(name="x", version="1", purl="pkg:pypi/x@1"), *rows, coverage=frozenset()).unmatched
    mended = found_in(pillow("10.0.1"), *rows, coverage=frozenset())
    assert (mended.matches, mended.unmatched) == ((), {})
    assert mended.partly == {0: "only single records speak of it here: no feed covers all of pkg:pypi"}
    assert found_in(pillow(), *rows, coverage=frozenset()).matches
    assert found_in(pillow("10.0.1"), *rows).partly == {}


def test_a_cpe_that_no_record_names_may_be_known_by_another():
    """Even the whole of NVD says nothing of a name that it does not use."""
    known = Found(name="curl", version="9", cpe="cpe:2.3:a:haxx:curl:9:*:*:*:*:*:*:*")
    assert (found_in(known, nvd()).unmatched, found_in(known, nvd()).partly) == ({}, {})
    for cpe in ("cpe:2.3:a:haxx:libcurl5:8.3.0:*:*:*:*:*:*:*", "cpe:2.3:a:other:curl:8.3.0:*:*:*:*:*:*:*"):
        found = found_in(Found(name="curl", version="8.3.0", cpe=cpe), nvd())
        assert found.unmatched == {0: "no record names it by its CPE"}


def test_a_version_that_cannot_be_compared_is_said_once_and_not_for_each_flaw():
    rows = [pypi(f"GHSA-{number}") for number in range(3)]
    found = found_in(pillow("custom"), *rows)
    assert found.matches == ()
    assert found.unmatched == {0: "its version 'custom' cannot be compared: 3 flaws of that name cannot be told"}
    whatever = found_in(pillow("custom"), *rows, pypi("GHSA-9", ranges=(Range(),)))
    assert [one.flaw for one in whatever.matches] == ["GHSA-9"]
    assert set(whatever.unmatched) == {0}


def test_what_a_lesser_list_says_of_all_versions_is_not_sure_where_a_better_one_names_some():
    custom = Found(name="curl", version="custom", cpe="cpe:2.3:a:haxx:curl:custom:*:*:*:*:*:*:*")
    all_versions, some = nvd(ranges=(Range(),), source="nvd"), nvd(source="cna")
    assert [one.certainty for one in found_in(custom, all_versions).matches] == ["affected"]
    found = found_in(custom, all_versions, some)
    assert found.matches == ()
    assert "one flaw of that name cannot be told" in found.unmatched[0]


def test_every_cpe_of_a_component_is_looked_up():
    other = "cpe:2.3:a:other:curl:8.3.0:*:*:*:*:*:*:*"
    (one,) = found_in(Found(name="curl", version="8.3.0", cpe=other, more_cpes=(CURL,)), nvd()).matches
    assert one.evidence.startswith(f"cpe {CURL}")


def test_advisories_of_one_flaw_are_one_finding_and_the_surest_leads():
    rows = [
        pypi("PYSEC-2023-1", aliases=["CVE-2023-1"], ranges=()),
        pypi("GHSA-1", aliases=["CVE-2023-1", "PYSEC-2023-1"]),
        pypi("GHSA-2", aliases=["CVE-2023-2"]),
    ]
    first, second = found_in(pillow(), *rows).matches
    assert (first.flaw, first.certainty, first.fixed_version) == ("CVE-2023-1", "affected", "10.0.1")
    assert first.evidence.startswith("purl pkg:pypi/Pillow@10.0.0 in [0, 10.0.1) by GHSA-1")
    assert second.flaw == "CVE-2023-2"


def test_aliases_join_in_any_order():
    rows = [pypi("A", aliases=["B"]), pypi("C", aliases=["D"]), pypi("B", aliases=["C"])]
    (one,) = found_in(pillow(), *rows).matches
    assert one.names == ("A", "B", "C", "D")


def test_evidence_stays_short():
    rows = [pypi(f"GHSA-{number}", aliases=["CVE-1"]) for number in range(9)]
    assert found_in(pillow(), *rows).matches[0].evidence.endswith("; and 6 more")


@pytest.mark.parametrize(
    ("state", "settled"),
    [
        ("patched", True),
        ("resolved_with_pedigree", True),
        ("not_affected", True),
        ("false_positive", True),
        ("in_triage", False),
        ("exploitable", False),
    ],
)
def test_statements_of_the_sbom_are_honoured_and_shown(state, settled):
    said = pillow(statements=(Statement("GHSA-1", state, "our patch 0001"),))
    found = found_in(said, pypi(aliases=["CVE-1"]))
    assert (len(found.matches), len(found.settled)) == ((0, 1) if settled else (1, 0))
    if settled:
        words = state.replace("_", " ")
        assert found.settled[0].evidence.startswith(f"the SBOM says {words} (our patch 0001); purl")


NAMELESS = "no purl and no CPE"


def test_a_name_that_the_table_knows_is_looked_up_too():
    component = Found(name="php", version="8.2.1", cpe="cpe:2.3:a:php:php:8.2.1:*:*:*:*:*:*:*")
    row = nvd(name="cpe:2.3:a:php_group:php:*:*:*:*:*:*:*:*", product="php", ranges=(Range(fixed="8.2.3"),))
    (one,) = found_in(component, row).matches
    assert (one.certainty, "php_group:php" in one.evidence) == ("affected", True)


@pytest.mark.parametrize(
    ("supplier", "name", "certainty"),
    [
        pytest.param("curl", "curl", "affected", id="known to the table"),
        pytest.param("Haxx", "curl", "affected", id="known, as its CPE name"),
        pytest.param("Acme, Inc.", "Gate Way", "check", id="words alone"),
        pytest.param("", "busybox", "affected", id="no supplier, and known"),
        pytest.param("", "gate way", None, id="no supplier, and not known"),
        pytest.param("Other", "gate way", None, id="another supplier"),
    ],
)
def test_by_supplier_and_name(supplier, name, certainty):
    component = Found(name=name, version="8.3.0", supplier=supplier, reason=NAMELESS)
    rows = [
        nvd(name=f"cpe:2.3:a:{cpe}:*:*:*:*:*:*:*:*", product=cpe.partition(":")[2])
        for cpe in ("haxx:curl", "acme:gate_way", "busybox:busybox")
    ]
    found = found_in(component, *rows)
    assert [one.certainty for one in found.matches] == ([certainty] if certainty else [])
    assert (found.unmatched, bool(found.partly)) == (({}, True) if certainty else ({0: NAMELESS}, False))


def test_a_single_file_has_no_supplier_to_go_by():
    component = Found(name="busybox", version="8.3.0", type="file", reason="a single file")
    assert found_in(component, nvd(name="cpe:2.3:a:busybox:busybox:*:*:*:*:*:*:*:*", product="busybox")).matches == ()
