"""CISA's catalogue of exploited flaws."""

import json
import os
from pathlib import Path

import pytest
from flaws_sample import kev

from careful.vulnerabilities.feeds.kev import parse
from careful.vulnerabilities.feeds.record import Malformed

DATA = Path(os.environ.get("CAREFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
EXAMPLES = Path(__file__).parents[3] / "examples" / "feeds"


def test_a_catalogue():
    found, as_of, refused = parse(kev("CVE-2023-4863", "nonsense"))
    assert found == {"CVE-2023-4863": "2026-11-01"}
    assert as_of is not None
    assert refused == ["$.vulnerabilities[1].cveID: expected a CVE number"]


@pytest.mark.parametrize("raw", [[], {}, {"vulnerabilities": {}}])
def test_no_catalogue(raw):
    with pytest.raises(Malformed, match="vulnerabilities"):
        parse(raw)


def test_the_example():
    assert parse(json.loads((EXAMPLES / "kev.json").read_text()))[0] == {"CVE-2023-4863": "2023-09-13"}


def test_the_real_one():
    path = DATA / "feeds" / "kev.json"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    found, _, refused = parse(json.loads(path.read_text()))
    assert (len(found), refused) == (1404, [])
