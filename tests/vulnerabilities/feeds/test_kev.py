"""CISA's catalogue of exploited flaws."""

import json
import os
from datetime import UTC, datetime
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
    assert as_of == datetime(2026, 11, 2, tzinfo=UTC)
    assert refused == ["$.vulnerabilities[1].cveID: expected a CVE number"]


@pytest.mark.parametrize("raw", [[], {}, {"vulnerabilities": {}}])
def test_no_catalogue(raw):
    with pytest.raises(Malformed, match="vulnerabilities"):
        parse(raw)


@pytest.mark.parametrize(
    ("altered", "says"),
    [
        pytest.param({"vulnerabilities": [], "count": 0}, "vulnerabilities: it is empty", id="empty"),
        pytest.param({"count": 1404}, "count: it says 1404, and the catalogue lists 1", id="cut short"),
        pytest.param({"count": None}, "count: it says nothing, and the catalogue lists 1", id="no count"),
        pytest.param({"dateReleased": "soon"}, "dateReleased: expected a date", id="no date"),
    ],
)
def test_a_catalogue_that_would_unmark_flaws_is_none(altered, says):
    with pytest.raises(Malformed, match=rf"^\$\.{says}"):
        parse(kev("CVE-2023-4863") | altered)


def test_a_table():
    text = "cveID,product,dateAdded\nCVE-2024-1001,a,2026-10-01\nnonsense,b,2026-10-02\nCVE-2024-1002,c,soon\n"
    found, as_of, refused = parse(text)
    assert (found, as_of) == ({"CVE-2024-1001": "2026-10-01"}, datetime(2026, 10, 1, tzinfo=UTC))
    assert [one[:7] for one in refused] == ["line 3:", "line 4:"]


@pytest.mark.parametrize(
    "text", ["cveID,dateAdded\n", "cveID\nCVE-2024-1001\n", "", "cveID,dateAdded\n" + "x" * 200_000 + ",\n"]
)
def test_no_table(text):
    with pytest.raises(Malformed, match="^line 2: "):
        parse(text)


def test_the_example():
    assert parse(json.loads((EXAMPLES / "kev.json").read_text()))[0] == {"CVE-2023-4863": "2023-09-13"}


def test_the_real_one():
    path = DATA / "feeds" / "kev.json"
    if not path.exists():
        pytest.skip(f"{path} is not here; set CAREFUL_TEST_DATA")
    found, _, refused = parse(json.loads(path.read_text()))
    assert (len(found), refused) == (1404, [])
