"""Our order beside that of `univers`, by the authors of VERS: over the specification's versions, and over made-up ones.

Where univers is known to be wrong it is not asked: its generic versions are plain texts (1.10 < 1.9), its Composer
minds case (RC1 < beta2). What else it is not asked about stands with its reason.
"""

import itertools
import json
import os
import random
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
import univers.versions
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from careful.vulnerabilities import versions

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
PAIRS = 3000
PRE = r"(?:-(?:0|[1-3]|1[0-2]|[ab]|rc|alpha|beta)(?:\.(?:0|[1-9]|1[0-2]|[a-c]))?)?"
CORE = r"(?:0|[1-3]|1[0-2])\.(?:0|[1-3]|1[0-2])\.(?:0|[1-3]|1[0-2])"

ORACLES = {
    "pep440": (
        univers.versions.PypiVersion,
        r"(?:1!)?[0-2](?:\.[0-2]|\.10){0,3}(?:(?:a|b|rc|\.?c)[0-2])?(?:\.post[0-2])?(?:\.dev[0-2])?(?:\+[a-c1-2](?:\.[a-c1-2])?)?",
    ),
    "semver": (univers.versions.SemverVersion, CORE + PRE),
    "golang": (univers.versions.GolangVersion, "v" + CORE + r"(?:-0\.2019[01][1-9]09021931-daa7c04131f[0-9a-f])?"),
    "nuget": (univers.versions.NugetVersion, CORE + r"(?:\.[0-2])?" + PRE + r"(?:\+[a-c])?"),
    # Not a word after a dot: univers has Maven's order from before 3.9 (MNG-7644). Not a zero before a dash: Maven's
    # code nests an empty list where its published order trims the zero.
    "maven": (
        univers.versions.MavenVersion,
        r"[0-2](?:\.[0-2]|\.10){0,3}(?:-?(?:alpha|beta|milestone|rc|cr|sp|snapshot|foo|a|b|m)(?:-?[1-2])?)?(?:-[1-2])?",
    ),
    "gem": (univers.versions.RubygemsVersion, r"[0-2](?:\.(?:[0-2]|10|a|b|rc|pre)){0,4}"),
    "dpkg": (
        univers.versions.DebianVersion,
        r"(?:[12]:)?[0-2](?:[.+~a-c-]{0,2}(?:[0-3]|10)){0,3}(?:-[0-2](?:[.+~a-c]{0,2}[0-3])?)?",
    ),
    "rpm": (univers.versions.RpmVersion, r"(?:[12]:)?[0-2](?:[._a-c~]{0,2}(?:[0-3]|10)){0,3}-[0-2](?:\.el[789])?"),
    # Always with a package release: without one, vercmp takes it for any, which is no order. Never more than one
    # separator, nor none before a number: where their lengths differ pacman's C code ends, and univers goes on.
    "alpm": (univers.versions.ArchLinuxVersion, r"(?:[12]:)?[0-2](?:\.(?:[0-3]|10|[a-c]|rc)){0,3}(?:a|b|rc)?-[1-3]"),
    "apk": (
        univers.versions.AlpineLinuxVersion,
        r"[0-2](?:\.(?:[0-3]|10)){0,3}[a-c]?(?:_(?:alpha|beta|pre|rc|p)[0-2]?){0,2}(?:-r[0-2])?",
    ),
    "gentoo": (
        univers.versions.GentooVersion,
        r"[0-2](?:\.(?:[0-3]|10|01|001)){0,3}[a-c]?(?:_(?:alpha|beta|pre|rc|p)[0-2]?){0,2}(?:-r[0-2])?",
    ),
    "openssl": (
        univers.versions.OpensslVersion,
        r"(?:0\.9\.8|1\.0\.[12]|1\.1\.1)z?[a-c]?|3\.[0-2]\.[0-9](?:-(?:alpha|beta)[1-3])?",
    ),
    # Not a number and letters in one part (10 and 1a), which Conan compares as texts: no order. See `conan`.
    "conan": (univers.versions.ConanVersion, r"[0-2](?:\.(?:[0-3]|10)){0,3}(?:-(?:pre|alpha)\.[0-2])?(?:\+b\.[0-2])?"),
}
NOT_ASKED = {
    "maven": lambda text: ".a" not in text,  # as above
    "conan": lambda text: not any(sign.isalpha() for sign in text) and "-" not in text,  # as above; 2021-10-15 < 5
    "alpm": lambda text: "-" in text,  # as above
}


def sign(one, other):
    return (one > other) - (one < other)


def theirs(kind, one, other):
    """Compare by univers, which takes 0 and 00 for unequal and neither for less."""
    first, second = kind(one), kind(other)
    return -1 if first < second else 1 if first > second else 0


@pytest.mark.parametrize("scheme", ORACLES)
@settings(max_examples=50)
@given(data=st.data())
def test_made_up_versions_stand_alike(scheme, data):
    kind, grammar = ORACLES[scheme]
    one, other = (data.draw(st.from_regex(grammar, fullmatch=True)) for _ in range(2))
    assert sign(versions.key(scheme, one), versions.key(scheme, other)) == theirs(kind, one, other), (one, other)
    assert sign(versions.blob(scheme, one), versions.blob(scheme, other)) == theirs(kind, one, other), (one, other)


@pytest.fixture(scope="module")
def corpus():
    """Return the specification's versions by scheme."""
    path = DATA / "specs" / "vers-spec.tar.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    found = {}
    with (
        path.open("rb") as packed,
        tarfile.open(fileobj=BytesIO(zstandard.ZstdDecompressor().stream_reader(packed).read())) as archive,
    ):
        for member in archive.getmembers():
            if "tests/" in member.name and member.name.endswith(".json"):
                for case in json.load(archive.extractfile(member))["tests"]:
                    if isinstance(case["input"], dict) and "versions" in case["input"]:
                        scheme = versions.BY_VERS[case["input"]["input_scheme"]]
                        found.setdefault(scheme, set()).update(case["input"]["versions"])
    return found


@pytest.mark.parametrize("scheme", ["maven", "apk", "alpm", "gentoo", "nuget", "openssl", "conan"])
def test_real_versions_stand_alike(scheme, corpus):
    kind, _ = ORACLES[scheme]
    asked = sorted(filter(NOT_ASKED.get(scheme, bool), corpus[scheme]))
    pairs = list(itertools.combinations(asked, 2))
    for one, other in random.Random(1).sample(pairs, min(PAIRS, len(pairs))):  # noqa: S311 (a choice of cases)
        assert sign(versions.key(scheme, one), versions.key(scheme, other)) == theirs(kind, one, other), (one, other)
