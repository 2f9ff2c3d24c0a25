"""The answer of a scan: the bar, the order, every component once."""

from datetime import UTC, datetime

import pytest
from flaws_sample import purls
from hypothesis import given
from hypothesis import strategies as st

from careful import releases, vulnerabilities
from careful.entrypoints.cli.scan_report import Report, sarif
from careful.vulnerabilities.matching import Matched

ORDER = ("any", "low", "medium", "high", "critical", "exploited")


def flaw(number, severity="high", certainty="affected"):
    return vulnerabilities.Match(
        0, f"CVE-{number}", certainty, severity, "", "purl", "why", "", (f"CVE-{number}",), "osv"
    )


def report(*matches, exploited=(), fresh=True, pinned=True, sbom=("pillow==1", "yarl==2"), **found):
    read = releases.read_sbom(purls(*sbom))
    looked = vulnerabilities.Looked(
        Matched(tuple(matches), found.pop("unmatched", {}), **found), frozenset(exploited), {}, {}, 1
    )
    return Report("sbom.json", read, looked, fresh, pinned)


@pytest.mark.parametrize(
    ("severity", "highest"),
    [
        ("critical", "critical"),
        ("high", "high"),
        ("unknown", "high"),
        ("medium", "medium"),
        ("low", "low"),
        ("none", "any"),
    ],
)
def test_the_bar(severity, highest):
    one = report(flaw(1, severity))
    assert [bar for bar in ORDER if one.at_or_above(bar)] == list(ORDER[: ORDER.index(highest) + 1])


def test_an_exploited_flaw_is_above_every_bar():
    assert all(report(flaw(1, "low"), exploited=["CVE-1"]).at_or_above(bar) for bar in ORDER)
    assert not any(report().at_or_above(bar) for bar in ORDER)


def test_exploited_first_then_sure_then_severe():
    matches = [flaw(1, "critical", "check"), flaw(2, "low"), flaw(3, "high"), flaw(4, "low", "check")]
    ranked = [one["vulnerability"] for one in report(*matches, exploited=["CVE-4"]).findings]
    assert ranked == ["CVE-4", "CVE-3", "CVE-2", "CVE-1"]


def test_every_component_has_an_outcome():
    one = report(unmatched={0: "no feed"}, partly={1: "a few records"}, sbom=("a==1", "b==1", "a==1"))
    assert [(part["name"], part["outcome"]) for part in one.components] == [
        ("a", "not looked up"),
        ("b", "looked up in part"),
        ("a", "merged"),
    ]


@pytest.mark.parametrize(
    ("more", "known", "says"),
    [
        pytest.param({"pinned": True}, True, "No known flaw", id="a feed file"),
        pytest.param({"pinned": True, "partly": {0: "x", 1: "x"}}, True, "No known flaw", id="a file of a few records"),
        pytest.param({"pinned": True, "fresh": False}, True, "Not known", id="an old feed file"),
        pytest.param({"pinned": True, "unmatched": {0: "x", 1: "x"}}, False, "Not known", id="nothing looked up"),
        pytest.param({"pinned": False}, True, "No known flaw", id="fresh"),
        pytest.param({"pinned": False, "fresh": False}, False, "Not known", id="old"),
        pytest.param({"pinned": False, "partly": {0: "x", 1: "x"}}, False, "Not known", id="only in part"),
    ],
)
def test_when_the_answer_is_one(more, known, says):
    one = report(**more)
    assert one.known is known
    assert one.says.startswith(says)


@pytest.mark.parametrize(
    ("more", "gaps"),
    [({}, False), ({"fresh": False}, True), ({"partly": {0: "x"}}, True), ({"unmatched": {0: "x"}}, True)],
)
def test_what_strict_minds(more, gaps):
    assert report(**more).has_gaps is gaps


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["critical", "low", "unknown"])), max_size=8))
def test_sarif_has_one_rule_for_each_flaw(found):
    log = sarif(report(*(flaw(number, severity) for number, severity in found)))
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({f"CVE-{number}" for number, _ in found})
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    assert len(run["results"]) == len(found)
    assert all(
        one["partialFingerprints"] == {"flawInComponent/v1": f"{one['ruleId']} in pillow"} for one in run["results"]
    )


def test_the_feeds_of_a_file_are_told():
    one = report()
    looked = vulnerabilities.Looked(
        one.looked.found, frozenset(), {}, {"osv": (3, datetime(2026, 1, 1, tzinfo=UTC))}, 1
    )
    old = Report("x", one.read, looked, fresh=False, pinned=True)
    assert old.says.endswith("of what became known since 2026-01-01 it knows only a part.")
    assert looked.too_old(datetime(2026, 1, 3, tzinfo=UTC), 24) == ("osv",)
    assert looked.too_old(datetime(2026, 1, 1, 23, tzinfo=UTC), 24) == ()
    told = old.as_dict()
    assert told["feeds"] == [{"feed": "osv", "records": 3, "as_of": datetime(2026, 1, 1, tzinfo=UTC)}]
