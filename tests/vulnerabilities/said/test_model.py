"""A statement as it is kept: its flaw's names, and why it cannot be used."""

import pytest

from careful.vulnerabilities.said.model import (
    About,
    Thing,
    hash_name,
    hashes,
    names_something,
    statement,
)

CURL = About(Thing(("pkg:generic/curl",)))


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["CVE-1", None, "", 7, "CVE-1"], ("CVE-1",)),
        (["https://nvd.nist.gov/vuln/detail/CVE-1"], ("https://nvd.nist.gov/vuln/detail/CVE-1", "CVE-1")),
        ([" CVE-1 "], ("CVE-1",)),
    ],
)
def test_a_flaw_by_all_its_names(names, kept):
    assert statement("$", names, [CURL], "fixed").names == kept


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"names": []}, "it names no flaw"),
        ({"status": "fine"}, "its status is 'fine'"),
        ({"about": []}, "it names no product by purl, CPE or hash"),
        ({"about": [About(Thing())]}, "it names no product by purl, CPE or hash"),
        ({"status": "not_affected"}, "it says not affected and not why"),
        ({"status": "not_affected", "reasoned": True}, ""),
        ({"status": "not_affected", "justification": "component_not_present"}, ""),
        ({"why_not": "told before"}, "told before"),
    ],
)
def test_why_it_cannot_be_used(more, why):
    fields = {"names": ["CVE-1"], "about": [CURL], "status": "fixed", **more}
    names, about, status = (fields.pop(name) for name in ("names", "about", "status"))
    assert statement("$", names, about, status, **fields).why_not.startswith(why)


def test_hashes_go_by_one_name():
    assert {hash_name(one) for one in ("SHA-256", "sha256", "sha-256")} == {"sha256"}
    assert hashes([("SHA-256", " AB "), (None, "x"), ("md5", 7)]) == (("sha256", "ab"),)


@pytest.mark.parametrize(("text", "named"), [("pkg:pypi/a", True), ("cpe:/a:b:c", True), ("nginx", False), ("", False)])
def test_what_is_a_name(text, named):
    assert names_something(text) is named
