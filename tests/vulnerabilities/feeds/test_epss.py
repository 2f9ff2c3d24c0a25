"""EPSS scores: a day, a table, and what is refused of it."""

from datetime import UTC, datetime

import pytest

from careful.vulnerabilities.feeds.epss import parse
from careful.vulnerabilities.feeds.record import Malformed

HEAD = "#model_version:v2025.03.14,score_date:2026-11-01T12:55:00Z\ncve,epss,percentile\n"


def test_scores_and_their_day():
    scores, day, refused = parse(HEAD + "CVE-2023-4863,0.94,0.999\nCVE-2020-0001,0.1,0.2\n\n")
    assert scores == {"CVE-2023-4863": (0.94, 0.999), "CVE-2020-0001": (0.1, 0.2)}
    assert (day, refused) == (datetime(2026, 11, 1, 12, 55, tzinfo=UTC), [])


@pytest.mark.parametrize(
    "row", ["x,0.1,0.2", "CVE-2020-0001,2,0.2", "CVE-2020-0001,a,b", "CVE-2020-0001", "CVE-2020-0001,nan,1"]
)
def test_rows_that_are_refused_name_their_line(row):
    scores, _, refused = parse(f"{HEAD}{row}\n")
    assert scores == {}
    assert refused == ["line 3: expected a CVE number and two numbers from 0 to 1"]


@pytest.mark.parametrize(
    ("text", "line"), [("cve,epss,percentile\n", "line 1"), ("#score_date:2026-11-01\nx,y\n", "line 2"), ("", "line 1")]
)
def test_what_is_no_table_of_scores(text, line):
    with pytest.raises(Malformed, match=line):
        parse(text)


def test_a_field_that_never_ends():
    with pytest.raises(Malformed, match=r"line 3: field larger"):
        parse(f"{HEAD}CVE-2020-0001,0.1,{'1' * 200_000}\n")
