"""Our CSAF before the judge that others use: the OASIS suite's schema, mandatory and optional tests (npm)."""

import dataclasses
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from notices_sample import ADVISORY

from careful.notices.csaf import document, encode
from careful.notices.distribution import base, path

VERSION = "2.0.10"
CACHE = Path(__file__).parents[2] / ".cache" / f"csaf-validator-{VERSION}"
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
SITE = "https://hearth.example"
# We carry no scores: a CVSS vector of ours would have to be argued, and NVD's is theirs to state.
ACCEPTED = {"optionalTest_6_2_3"}


def made(maker="Hearth", planned=True, **change):
    one = dataclasses.replace(ADVISORY, **change)
    url = base(SITE) + path(one.id, AT)
    content = document(one, maker=maker, namespace=SITE, at=AT, url=url, planned=planned)
    return json.loads(encode(content))


CASES = {
    "fixed and exploited": made(),
    "no fix yet": made(fixed_in=None, exploited=False),
    "no CVE number": made(flaw="GHSA-j7hp-h8jx-5ppr"),
    "severity unknown": made(severity="unknown", affected=("1.0.0", "0.9.0")),
    "an id of nobody's scheme": made(flaw="temp 7 / \u00dc"),
    "risk accepted": made(fixed_in=None, planned=False),
    "many releases": made(affected=tuple(f"1.0.{number}+b {number}" for number in range(300)), fixed_in="2.0"),
    "long words": made(summary="It has a flaw. " * 260, action="Update it. " * 360, title="A" * 4000),
    "names in other scripts": made(
        maker="株式会社 <Ünïcode> & Söhne", product="cam/1 \u2019", product_name="Камера \u0661", model="\u200fHC 100"
    ),
    "words that are hard on JSON": made(title='A "quote", a \\ and Søren\u2019s 日本', summary="<b>&amp;</b>\n\nTwo."),
}


def upside_down():
    """Say of one version that it is affected and that it is not."""
    one = made()
    status = one["vulnerabilities"][0]["product_status"]
    status["known_not_affected"] = status["known_affected"]
    return one


def nameless():
    one = made()
    one["document"]["title"] = ""
    return one


@pytest.fixture(scope="module")
def verdicts():
    """What the judge, which is slow to start, says of all documents in one go."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm is not installed (apt-get install nodejs npm)")
    if not (CACHE / "node_modules").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"]
        subprocess.run(
            [npm, "install", "--prefix", str(CACHE), *quiet, f"@secvisogram/csaf-validator-lib@{VERSION}"],
            check=True,
            capture_output=True,
            timeout=300,
        )

    done = subprocess.run(
        [node, str(Path(__file__).with_name("csaf_judge.mjs")), str(CACHE)],
        input=json.dumps([*CASES.values(), upside_down(), nameless()]),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip([*CASES, "upside down", "nameless"], json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_an_advisory_passes_every_mandatory_test_and_the_optional_ones_but_those_named(verdicts, name):
    said = [one for one in verdicts[name]["said"] if one[0] not in ACCEPTED]
    assert (verdicts[name]["valid"], said) == (True, [])


@pytest.mark.parametrize("name", ["upside down", "nameless"])
def test_the_judge_finds_what_is_wrong(verdicts, name):
    assert not verdicts[name]["valid"]
