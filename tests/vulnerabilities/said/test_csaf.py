"""CSAF in the shapes of vendors: products and parts, groups, words and ranges, and a line for each status entry."""

import pytest
from vex_shapes import bitnami, cisa, red_hat, siemens, suse

from careful.vulnerabilities.said.csaf import read


@pytest.mark.parametrize("shape", [red_hat, suse, siemens, cisa, bitnami])
def test_a_line_for_every_status_entry(shape):
    raw = shape()
    entries = sum(len(ids) for one in raw["vulnerabilities"] for ids in one["product_status"].values())
    said = list(read(raw))
    assert len(said) == entries
    assert not any(one.why_not for one in said)


def test_parts_of_parts_are_known_by_the_innermost_in_the_outermost():
    found = {one.status: one for one in read(red_hat())}
    (about,) = found["not_affected"].about
    assert (about.product.ids, about.part.ids) == (
        ("cpe:/o:redhat:enterprise_linux:9",),
        ("pkg:rpm/redhat/compat-openssl11?arch=src",),
    )
    assert found["not_affected"].justification == "vulnerable_code_not_present"
    assert (found["affected"].detail, found["fixed"].detail) == ("Moderate", "")
    assert found["fixed"].names == ("CVE-2024-0001", "2270001")


def test_what_is_said_of_a_group_is_said_of_its_products():
    for one in read(siemens()):
        assert (one.justification, one.detail) == ("vulnerable_code_not_in_execute_path", "The web server is off.")


def test_words_and_ranges():
    (one,) = read(cisa())
    (about,) = one.about
    assert about.product.ids[0] == "cpe:2.3:*:acme:abc:*:*:*:*:*:*:*:*"
    assert (about.product.versions, one.detail) == (("vers:all/<4.3",), "Update to 4.3.")


@pytest.mark.parametrize(("state", "status"), [("recommended", "fixed"), ("unknown", "under_investigation")])
def test_states(state, status):
    raw = cisa()
    raw["vulnerabilities"][0]["product_status"] = {state: ["CSAFPID-0001"]}
    assert [one.status for one in read(raw)] == [status]


@pytest.mark.parametrize("change", [{"sure": ["CSAFPID-0001"]}, {"fixed": ["OTHER"]}, {"fixed": [{"no": "text"}]}])
def test_what_cannot_be_used_has_its_line(change):
    raw = cisa()
    raw["vulnerabilities"][0]["product_status"] = change
    (one,) = read(raw)
    assert one.why_not


def test_hashes_and_several_purls():
    raw = cisa()
    product = raw["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
    product["product_identification_helper"] = {
        "purls": ["pkg:generic/abc@1", "pkg:generic/abc@2"],
        "hashes": [{"filename": "a", "file_hashes": [{"algorithm": "sha256", "value": "AB"}]}],
    }
    (one,) = read(raw)
    assert one.about[0].product.ids == ("pkg:generic/abc@1", "pkg:generic/abc@2")
    assert one.about[0].product.hashes == (("sha256", "ab"),)


def test_circles_end():
    raw = cisa()
    raw["product_tree"]["relationships"] = [
        {"full_product_name": {"product_id": a}, "product_reference": b, "relates_to_product_reference": b}
        for a, b in (("X", "Y"), ("Y", "X"))
    ]
    raw["vulnerabilities"][0]["product_status"] = {"fixed": ["X", "Y"]}
    assert [bool(one.why_not) for one in read(raw)] == [True, True]
