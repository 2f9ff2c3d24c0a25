"""Every case of the VERS specification: orders, equality, ranges; those that are not followed, each with its reason."""

import io
import json
import os
import tarfile
from functools import cache
from pathlib import Path

import pytest
import zstandard

from careful.vulnerabilities import natives, vers, versions

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
EXCEPTIONS = {
    # Maven before 3.9 (MNG-7644). Its test suite since then has 2.0 < 2.0.a < 2-1.
    "maven 2-1, 2.0.a": "comparison",
    "maven 2-1, 2.0.0.a": "comparison",
    # The case wants "vers:conan/", which the VERS grammar does not know: a range has constraints.
    "conan ": "from_native",
    # node-semver documents: a missing number is open, so <=1.0 is <1.1.0, 2.1 is every 2.1, >=2.2.x has no end.
    "npm <= 1.0": "from_native",
    "npm <=2.1 >=1.1": "from_native",
    "npm 2.1 || 2.6": "from_native",
    "npm >= 1.x": "from_native",
    "npm >= 2.2.x": "from_native",
    # node-semver documents: side by side means both at once, which no version is.
    "npm 1.1.2 1.2.2": "from_native",
    # node-semver documents: ~0.8.0-pre is >=0.8.0-pre <0.9.0; the case ends it at 0.8.1.
    "npm >= 0.2.0 <= 0.9.6 || ~0.8.0-pre": "from_native",
}


@cache
def cases():
    path = DATA / "specs" / "vers-spec.tar.zst"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    found = []
    with (
        path.open("rb") as packed,
        tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().stream_reader(packed).read())) as archive,
    ):
        for member in archive.getmembers():
            if "tests/" in member.name and member.name.endswith(".json"):
                found += json.load(archive.extractfile(member))["tests"]
    return found


def in_order(given, wanted):
    """Tell whether the versions stand as they should; equal ones may stand either way, and in another case."""
    scheme = versions.BY_VERS[given["input_scheme"]]
    keys = [versions.key(scheme, text) for text in wanted]
    blobs = [versions.blob(scheme, text) for text in wanted]
    return keys == sorted(versions.key(scheme, text) for text in given["versions"]) and blobs == sorted(blobs)


def equal(given, wanted):
    one, other = (versions.key(versions.BY_VERS[given["input_scheme"]], text) for text in given["versions"])
    return (one == other) is wanted


def parsed(given, wanted):
    found = vers.parse(given)
    return {
        "scheme": found.type,
        "version_constraints": [[one.comparator, one.version] for one in found.constraints],
    } == wanted


ANSWERS = {
    "comparison": in_order,
    "equality": equal,
    "parse": parsed,
    "validate": lambda given, wanted: str(vers.read(given)) == wanted,
    "containment": lambda given, wanted: (vers.contains(vers.read(given["vers"]), given["version"]) == "yes") is wanted,
    "from_native": lambda given, wanted: str(natives.read(given["scheme"], given["native_range"])) == wanted,
}


def agrees(case):
    try:
        found = ANSWERS[case["test_type"]](case["input"], case.get("expected_output"))
        return found and not case.get("expected_failure")
    except ValueError:
        return bool(case.get("expected_failure"))


def name(case):
    given = case["input"]
    if isinstance(given, str):
        return given
    kind = given.get("input_scheme") or given.get("scheme") or ""
    return f"{kind} {', '.join(given.get('versions', ())) or given.get('native_range') or given.get('vers', '')}"


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_whole_specification(kind):
    failed = {name(case) for case in cases() if case["test_type"] == kind and not agrees(case)}
    assert failed == {text for text, where in EXCEPTIONS.items() if where == kind}


def test_no_case_is_left_out():
    assert len(cases()) >= 2701
    assert {case["test_type"] for case in cases()} == set(ANSWERS)


def test_every_answer_is_kept_on_the_way_through_our_ranges():
    """A canonical range that can be read at all is read again from its own text."""
    for case in cases():
        if case["test_type"] == "from_native" and name(case) not in EXCEPTIONS:
            one = vers.read(case["expected_output"])
            assert vers.parse(str(one)) == one
            assert vers.ranges(one)
