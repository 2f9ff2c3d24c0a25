"""`careful vuln judge` as typed: one case, many, and a look beforehand."""

import json

import click
import pytest
from flaws_cli import read, typed
from flaws_sample import kev, osv, purls

from careful import products, releases, vulnerabilities
from careful.entrypoints.cli.vuln import command
from careful.kernel.errors import Invalid, NotFound, Refused

FLAW, OTHER = "CVE-2023-4863", "CVE-2023-43804"
HARMLESS = ("--status", "not_affected", "--justification", "vulnerable_code_not_present")


@pytest.fixture
def run(world):
    return lambda *arguments: typed(command, world, *arguments)


@pytest.fixture
def cases(world, staff, tmp_path):
    """Two flaws in cam-1, the second of which is exploited."""
    products.declare(world, staff, b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [cam-1]}\n")
    products.approve(world, staff, "cam-1")
    (tmp_path / "cam.img").write_bytes(b"image")
    sbom = purls("pillow==10.0.0", "urllib3==2.0.4")
    releases.add(world, staff, "cam-1", "1.0.0", tmp_path / "cam.img", sbom, ("rev-a",))
    for document in ([osv("GHSA-1", aliases=[FLAW]), osv("GHSA-2", "urllib3", [("0", "3")], [OTHER])], kev(OTHER)):
        (tmp_path / "feed.json").write_text(json.dumps(document))
        vulnerabilities.import_feed(world, staff, tmp_path / "feed.json")
    vulnerabilities.match(world)
    return {one.flaw: one.id for one in vulnerabilities.cases(world)}


def test_a_look_beforehand_changes_nothing(run, world, cases):
    done = run("judge", "--all", "--product", "cam-1", *HARMLESS, "--dry-run")
    assert f"{cases[FLAW]}\t{FLAW}\tcam-1\tdecided\tnothing decided -> not affected" in done.stdout
    assert f"{OTHER}\tcam-1\tproposed\t" in done.stdout
    assert "1 decided, 1 proposed, 0 refused. Nothing was changed" in done.stdout
    assert read(run("judge", cases[FLAW], *HARMLESS, "--dry-run", "--json"))["cases"][0]["outcome"] == "decided"
    assert all(one.status is None for one in vulnerabilities.cases(world))


def test_many_by_filters(run, world, cases):
    told = read(run("judge", "--all", "--component", "pillow", *HARMLESS, "--json"))
    assert [(one["flaw"], one["outcome"]) for one in told["cases"]] == [(FLAW, "decided")]
    assert "No case that waits" in run("judge", "--all", "--not-exploited", *HARMLESS).stdout
    again = read(run("judge", "--all", "--not-exploited", "--decided", "--flaw", FLAW, *HARMLESS, "--json"))
    assert again["cases"][0]["says"] == "not affected -> not affected"


def test_an_exploited_flaw_is_only_proposed_from_here(run, world, cases):
    done = run("judge", cases[OTHER], *HARMLESS)
    assert "Proposed, not decided: not affected." in done.stdout
    assert vulnerabilities.case(world, cases[OTHER]).status is None
    shown = run("show", cases[OTHER]).stdout
    assert "not affected, by operator:cli; people still needed: 2" in shown
    assert "to be judged" in run("list").stdout


def test_accepting_a_risk(run, world, cases):
    accept = ("judge", cases[FLAW], "--status", "affected", "--accept-until", "2027-01-31")
    with pytest.raises(Refused, match="needs a reason"):
        run(*accept)
    done = run(*accept, "--statement", "In a locked room.")
    assert "is judged: risk accepted until 2027-01-31." in done.stdout
    assert "affected, accepted until 2027-01-31" in run("show", cases[FLAW]).stdout
    with pytest.raises(Invalid, match="within a year"):
        run("judge", cases[FLAW], "--status", "affected", "--accept-until", "2036-01-31", "--statement", "x")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="neither a case nor all"),
        pytest.param(("x", "--all"), id="both"),
        pytest.param(("x", "--flaw", "CVE-1"), id="a filter for one case"),
    ],
)
def test_what_is_typed_wrong(run, arguments):
    assert run("judge", *arguments, *HARMLESS).exit_code == click.UsageError.exit_code


def test_no_such_case(run, world):
    with pytest.raises(NotFound):
        run("judge", "nothing", *HARMLESS)
    with pytest.raises(NotFound):
        run("judge", "nothing", *HARMLESS, "--dry-run")
