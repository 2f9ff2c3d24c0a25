"""What suppliers publish, as rows: products by id, by words and inside others; ranges as people write them."""

import json
import os
import tarfile
from pathlib import Path

import pytest
import vex_shapes
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from careful.vulnerabilities.feeds import suppliers
from careful.vulnerabilities.feeds.record import Malformed
from careful.vulnerabilities.ranges import Range

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
WORLD = "cpe:2.3:a:acme:router:*:*:*:*:*:*:*:*"


def branch(category, name, *inner, product=None):
    return {
        "category": category,
        "name": name,
        **({"branches": list(inner)} if inner else {}),
        **({"product": product} if product else {}),
    }


def product(name, **helper):
    return {"product_id": name, "name": name, **({"product_identification_helper": helper} if helper else {})}


def csaf(status, *branches, category="vendor", relationships=(), **flaw):
    return {
        "document": {
            "csaf_version": "2.0",
            "title": "One",
            "publisher": {"category": category, "name": "Acme"},
            "tracking": {"id": "ACME-1", "current_release_date": "2026-10-01T00:00:00Z"},
        },
        "product_tree": {"branches": list(branches), "relationships": list(relationships)},
        "vulnerabilities": [{"cve": "CVE-2026-1", "product_status": status, **flaw}],
    }


def rows_of(raw):
    [(_, part)] = suppliers.of_csaf(raw)
    return suppliers.parse(part).affected


def versioned(text, category="product_version_range"):
    return branch("vendor", "Acme Inc", branch("product_name", "Router", branch(category, text, product=product("P1"))))


@pytest.mark.parametrize(
    ("text", "ranges", "versions"),
    [
        pytest.param("vers:all/<V4.3.8", (Range(fixed="V4.3.8"),), (), id="vers"),
        pytest.param("vers:generic/>=1.0|<2.0", (Range(introduced="1.0", fixed="2.0"),), (), id="vers of two bounds"),
        pytest.param("vers:all/*", (Range(),), (), id="all, as vers"),
        pytest.param("All versions", (Range(),), (), id="all, in words"),
        pytest.param("All Versions < V5.3", (Range(fixed="V5.3"),), (), id="all below"),
        pytest.param(">= 1.0 | <= 1.32", (Range(introduced="1.0", last="1.32"),), (), id="with a pipe"),
        pytest.param(">= V3.0 and < V4.1", (Range(introduced="V3.0", fixed="V4.1"),), (), id="with and"),
        pytest.param("1.2.3", (), ("1.2.3",), id="one version"),
    ],
)
def test_a_range_is_read_as_people_write_it(text, ranges, versions):
    for row in rows_of(csaf({"known_affected": ["P1"]}, versioned(text))):
        assert (row.ranges, row.versions, row.condition) == (ranges, versions, "")


def test_a_range_in_other_words_is_for_a_person():
    [*rows] = rows_of(csaf({"known_affected": ["P1"]}, versioned("< 3.6 Build 170215 (see note)")))
    assert all("in words" in row.condition and not row.ranges for row in rows)


def test_words_make_the_name_that_a_cve_record_would():
    rows = rows_of(csaf({"known_affected": ["P1"]}, versioned("1.0", "product_version")))
    assert {row.cpe for row in rows} >= {"cpe:2.3:*:acme:router:*:*:*:*:*:*:*:*"}


def test_ids_come_before_words_and_carry_the_version():
    tree = branch("vendor", "Acme", product=product("P1", purl="pkg:npm/%40acme/router@1.2.3"))
    [row] = rows_of(csaf({"known_affected": ["P1"]}, tree))
    assert (row.kind, row.key, row.versions, row.scheme) == ("purl", "npm/@acme/router", ("1.2.3",), "semver")
    tree = branch("vendor", "Acme", product=product("P1", cpe="cpe:/a:acme:router:1.2.3"))
    [row] = rows_of(csaf({"known_affected": ["P1"]}, tree))
    assert (row.kind, row.cpe, row.versions) == ("cpe", WORLD, ("1.2.3",))


def test_affected_and_fixed_of_one_product_are_one_row():
    tree = branch(
        "vendor",
        "Acme",
        branch("product_name", "a", product=product("P1", purl="pkg:npm/router@1.0.0")),
        branch("product_name", "b", product=product("P2", purl="pkg:npm/router@1.0.1")),
    )
    [row] = rows_of(csaf({"known_affected": ["P1"], "fixed": ["P2"], "recommended": ["P2"]}, tree))
    assert (row.versions, row.fine) == (("1.0.0",), (Range(introduced="1.0.1", last="1.0.1"),))


@pytest.mark.parametrize(
    ("category", "source"), [("vendor", "vendor"), ("coordinator", "feed"), ("discoverer", "feed"), ("", "feed")]
)
def test_only_a_vendor_has_the_vendor_s_word(category, source):
    for row in rows_of(csaf({"known_affected": ["P1"]}, versioned("1.0"), category=category)):
        assert row.source == source


def test_under_investigation_is_for_a_person():
    for row in rows_of(csaf({"under_investigation": ["P1"]}, versioned("< 2"))):
        assert row.condition == "its supplier is still looking"


def inside(status):
    holder = branch("product_name", "OS 9", product=product("OS"))
    part = branch("product_name", "openssl", product=product("SSL", purl="pkg:rpm/acme/openssl"))
    link = {
        "category": "default_component_of",
        "product_reference": "SSL",
        "relates_to_product_reference": "OS",
        "full_product_name": {"product_id": "OS:SSL", "name": "openssl of OS 9"},
    }
    return csaf({status: ["OS:SSL"]}, branch("vendor", "Acme", holder, part), relationships=[link])


def test_a_part_of_a_product_is_for_a_person_and_never_ruled_out():
    [row] = rows_of(inside("known_affected"))
    assert (row.key, row.condition, row.source) == ("rpm/acme/openssl", "as part of OS", "vendor")
    with pytest.raises(Malformed, match="names no product"):
        rows_of(inside("known_not_affected"))


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        pytest.param({"scores": [{"cvss_v3": {"baseScore": 9.8}}]}, "critical", id="score"),
        pytest.param({"scores": [{"cvss_v3": {"vectorString": VECTOR}}]}, "critical", id="vector"),
        pytest.param({"scores": ["none", {}]}, "unknown", id="nothing"),
    ],
)
def test_severity(more, severity):
    [(_, part)] = suppliers.of_csaf(csaf({"known_affected": ["P1"]}, versioned("1"), **more))
    assert part.severity == severity


def openvex(status, products, **more):
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex/1",
        "author": "Acme",
        "timestamp": "2026-10-01T00:00:00Z",
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-1"]},
                "products": products,
                "status": status,
                **more,
            }
        ],
    }


def read(raw):
    [(place, part)] = suppliers.of_openvex(raw)
    assert place == "#$.statements[0]"
    return suppliers.parse(part)


def test_openvex_says_of_a_version_or_of_all():
    found = read(openvex("affected", [{"@id": "pkg:deb/acme/router@1.0"}, "pkg:deb/acme/switch"]))
    assert (found.id, found.aliases) == ("https://acme.example/vex/1#0", ("CVE-2026-1", "GHSA-1"))
    router, switch = found.affected
    assert (router.versions, router.ranges) == (("1.0",), ())
    assert (switch.versions, switch.ranges) == ((), (Range(),))
    [row] = read(openvex("fixed", ["pkg:deb/acme/router@1.1"])).affected
    assert (row.fine, row.ranges) == ((Range(introduced="1.1", last="1.1"),), ())


def test_products_without_a_name_to_look_up_are_counted():
    [(_, part)] = suppliers.of_openvex(openvex("affected", ["router 1.0", "pkg:deb/acme/router@1.0"]))
    assert part.nameless == 1


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(openvex("not_affected", ["pkg:deb/acme/router@1.0"]), id="no reason why not"),
        pytest.param(openvex("affected", ["router 1.0"]), id="product in words"),
        pytest.param(openvex("safe", ["pkg:deb/acme/router@1.0"]), id="no status"),
        pytest.param({**openvex("affected", ["pkg:deb/a/b@1"]), "timestamp": "soon"}, id="no date"),
    ],
)
def test_what_cannot_be_used_is_refused(raw):
    with pytest.raises(Malformed):
        read(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "document", "tracking", "id", "publisher", "category", "product_tree", "branches", "product", "product_id",
        "name", "relationships", "full_product_name", "product_reference", "vulnerabilities", "cve", "product_status",
        "known_affected", "scores", "statements", "products", "vulnerability", "@id", "identifiers", "subcomponents",
        "status", "ids", "text", "full_product_names", "product_identification_helper", "purl", "cpe",
    ]), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["document", "product_tree", "vulnerabilities", "statements"]), JSON))
def test_whatever_comes_is_read_or_refused(raw):
    for reader in (suppliers.of_csaf, suppliers.of_openvex):
        for _, part in reader(raw):
            try:
                suppliers.parse(part)
            except Malformed:
                continue


def test_cisa_s_own_documents():
    data = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    packed = data / "csaf" / "cisa-csaf-300.tar.zst"
    if not packed.exists():
        pytest.skip(f"CISA's documents are not in {packed} (set CAREFUL_TEST_DATA)")
    read = refused = 0
    with (
        packed.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as tar,
    ):
        for member in tar:
            if not member.name.endswith(".json"):
                continue
            for _, part in suppliers.of_csaf(json.load(tar.extractfile(member))):
                try:
                    read += bool(suppliers.parse(part).affected)
                except Malformed:
                    refused += 1
    assert read > 800
    assert refused == 0


def test_a_distributions_package_is_spoken_of_in_its_release():
    """A fixed package in one version needs none; a source of every version is that of one release alone."""
    ((_, part),) = suppliers.of_csaf(vex_shapes.red_hat())
    rows = {(one.key, one.distro): one for one in suppliers.parse(part).affected}
    assert set(rows) == {
        ("rpm/redhat/openssl-libs", ""),
        ("rpm/redhat/openssl", "redhat:8"),
        ("rpm/redhat/compat-openssl11", "redhat:9"),
    }
    assert not any(one.condition for one in rows.values())


def test_what_is_recommended_has_the_fix():
    ((_, part),) = suppliers.of_csaf(vex_shapes.suse())
    (row,) = suppliers.parse(part).affected
    assert (row.key, row.versions, row.ranges) == ("rpm/suse/curl", (), ())
    assert row.fine == (Range(introduced="8.0.1-150400.5.29.1", last="8.0.1-150400.5.29.1"),)


def test_of_two_statements_in_one_document_the_later_counts():
    ((_, part),) = suppliers.of_openvex(vex_shapes.wolfi())
    assert part.id.endswith("#1")
    assert {status for _, status in part.said} == {"unaffected"}


def test_a_release_by_its_codename():
    ((_, part),) = suppliers.of_openvex(vex_shapes.ubuntu())
    assert {one.distro for one in suppliers.parse(part).affected} == {"ubuntu:22.04"}
    assert part.names == ("CVE-2024-0001", "https://ubuntu.com/security/CVE-2024-0001")


def test_before_0_2_0_subcomponents_stood_beside_the_products():
    ((_, part),) = suppliers.of_openvex(vex_shapes.version_0_0_1())
    ((product, _),) = part.said
    assert (product.names[0][1], product.inside) == ("generic/curl", "pkg:generic/test@1.0")


@pytest.mark.parametrize(
    ("shape", "of", "says"),
    [
        (vex_shapes.cisa, suppliers.of_csaf, "CISA; ICSA-24-001-01 version 2; TLP:WHITE; Copyright CISA"),
        (vex_shapes.wolfi, suppliers.of_openvex, "Wolfi J Inkinson; https://openvex.dev/docs/public/vex-1 version 1"),
    ],
)
def test_every_record_says_whose_document_it_is_from_and_under_what_terms(shape, of, says):
    assert {suppliers.parse(part).provenance for _, part in of(shape())} == {says}


@pytest.mark.parametrize("label", ["GREEN", "AMBER", "AMBER+STRICT", "RED"])
def test_the_words_of_a_document_that_must_not_be_made_public_stay_in_it(label):
    raw = vex_shapes.cisa()
    raw["document"]["distribution"]["tlp"]["label"] = label
    raw["vulnerabilities"][0]["title"] = "A secret door"
    raw["document"]["notes"] = [{"category": "legal_disclaimer", "text": "For your eyes only"}]
    ((_, part),) = suppliers.of_csaf(raw)
    record = suppliers.parse(part)
    assert (record.summary, record.provenance) == ("", f"CISA; ICSA-24-001-01 version 2; TLP:{label}")
