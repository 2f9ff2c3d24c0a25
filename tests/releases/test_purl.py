"""Package URLs: named cases, the laws of reading and writing, and the specification's own cases."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from careful.releases.purl import make_purl, parse_purl, read_purl

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
EXCEPTIONS = {
    # A key in upper case must fail here, while the same specification wants these very texts made lower case
    # (type "validate"), and reads another (pkg:Maven/…?…&repositorY_url=…) without complaint.
    ("parse", "pkg:gem/jruby-launcher@1.1.2?Platform=java"),
    ("parse", "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25"),
}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("pkg:PyPI/Django_package@1", "pkg:pypi/django-package@1", id="a type's own rules"),
        pytest.param("pkg://npm/@babel/core@7#/lib/", "pkg:npm/%40babel/core@7#lib", id="a scope, slashes"),
        pytest.param("pkg:npm/@babel/core", "pkg:npm/%40babel/core", id="a scope and no version"),
        pytest.param(
            "pkg:generic/x@1?b=2&a=https://h/p&c=", "pkg:generic/x@1?a=https:%2F%2Fh%2Fp&b=2", id="sorted qualifiers"
        ),
        pytest.param("pkg:deb/Debian/Curl@7.88.1-10+deb12u1", "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u1", id="a plus"),
        pytest.param("pkg:golang/stdlib@1.21.0", "pkg:golang/stdlib@1.21.0", id="no namespace, where one is usual"),
        pytest.param("pkg:git/host/group/project@1", "pkg:git/host/group/project@1", id="a path on a host"),
        pytest.param("pkg:oci/Debian@SHA256%3AAB", "pkg:oci/debian@sha256:ab", id="a digest"),
    ],
)
def test_canonical(text, canonical):
    assert str(read_purl(text)) == canonical
    assert read_purl(canonical) == read_purl(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        pytest.param("pillow@1", "begins with pkg:", id="no scheme"),
        pytest.param("pkg:3d/x", "the type of", id="a type with a digit in front"),
        pytest.param("pkg:npm", "names a package", id="a type alone"),
        pytest.param("pkg:npm/@1.0", "names a package", id="a version alone"),
        pytest.param("pkg:swift/x@1", "has a namespace", id="a namespace missing"),
        pytest.param("pkg:vcpkg/a/x@1", "has no namespace", id="a namespace too many"),
        pytest.param("pkg:npm/x?a b=1", "the key of a qualifier", id="a key with a space"),
        pytest.param("pkg:npm/x%00", "cannot be printed", id="a zero byte"),
        pytest.param("pkg:npm/x\u200b", "cannot be printed", id="what nobody sees"),
        pytest.param("pkg:npm/%ff", "utf-8", id="no UTF-8"),
        pytest.param("pkg:npm/" + "x" * 3000, "more than 2000", id="too long"),
    ],
)
def test_what_is_no_purl(text, wrong):
    with pytest.raises(ValueError, match=wrong):
        read_purl(text)
    assert parse_purl(text) is None


def cases():
    path = DATA / "specs" / "purl-spec.tar.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    with (
        path.open("rb") as packed,
        tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().stream_reader(packed).read())) as archive,
    ):
        for member in archive.getmembers():
            if "tests/" in member.name and member.name.endswith(".json"):
                yield from json.load(archive.extractfile(member))["tests"]


def answer(kind, given):
    if kind == "parse":
        one = read_purl(given)
        return {**{name: getattr(one, name) or None for name in PARTS}, "qualifiers": dict(one.qualifiers) or None}
    if kind == "validate":
        return str(read_purl(given))
    return str(make_purl(*(given[name] or "" for name in PARTS[:4]), given["qualifiers"], given["subpath"] or ""))


PARTS = ("type", "namespace", "name", "version", "qualifiers", "subpath")


def agrees(case):
    wanted = case.get("expected_output")
    if isinstance(wanted, dict):
        wanted = {name: wanted[name] or None for name in PARTS}
    try:
        found = answer(case["test_type"], case["input"])
        return found == wanted and not case.get("expected_failure")
    except ValueError:
        return bool(case.get("expected_failure"))


def test_the_whole_specification():
    found = list(cases())
    assert len(found) >= 586
    failed = {(case["test_type"], str(case["input"])) for case in found if not agrees(case)}
    assert failed == EXCEPTIONS


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
SEGMENTS = TEXTS.filter(lambda text: text not in {".", ".."} and "/" not in text)
KEYS = st.from_regex(r"[a-z][a-z0-9._-]{0,5}", fullmatch=True)


@given(
    kind=st.sampled_from(["npm", "deb", "pypi", "generic", "maven", "yocto", "huggingface"]),
    namespace=st.lists(SEGMENTS, max_size=3).map("/".join),
    name=SEGMENTS,
    version=TEXTS,
    qualifiers=st.dictionaries(KEYS, TEXTS, max_size=3),
    subpath=st.lists(SEGMENTS, max_size=3).map("/".join),
)
def test_what_is_written_is_read_again(kind, namespace, name, version, qualifiers, subpath):
    one = make_purl(kind, namespace, name, version, qualifiers, subpath)
    assert read_purl(str(one)) == one


@given(
    kind=st.sampled_from(["npm", "deb", "generic", "maven"]),
    name=st.from_regex(r"[a-z][a-z0-9._-]{0,9}", fullmatch=True),
    version=st.from_regex(r"[0-9a-z.+~:-]{1,9}", fullmatch=True),
    qualifiers=st.dictionaries(KEYS, st.from_regex(r"[a-z0-9.-]{1,5}", fullmatch=True), max_size=3),
)
def test_the_reference_reads_what_is_written(kind, name, version, qualifiers):
    """packageurl-python, by the specification's authors, reads the same parts from our text."""
    one = make_purl(kind, "space", name, version, qualifiers)
    theirs = PackageURL.from_string(str(one))
    assert (theirs.type, theirs.namespace, theirs.name, theirs.version) == (kind, "space", name, version)
    assert theirs.qualifiers == qualifiers


@given(text=st.text(max_size=60))
def test_reading_never_fails_otherwise(text):
    for one in (text, "pkg:" + text, "pkg:npm/" + text):
        found = parse_purl(one)
        assert found is None or read_purl(str(found)) == found


def test_more_qualifiers_than_any_package_has():
    """Each is an object in memory, and there may be very many purls."""
    few, many = ("&".join(f"k{at}=v" for at in range(number)) for number in (40, 41))
    assert parse_purl(f"pkg:generic/a@1?{few}")
    assert parse_purl(f"pkg:generic/a@1?{many}") is None
