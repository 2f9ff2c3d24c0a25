"""`careful scan` as typed: what it finds, what it cannot tell, its exit codes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flaws_cli import read, typed
from flaws_sample import kev, osv, purls

from careful import vulnerabilities
from careful.assemble import Parts
from careful.entrypoints.cli import run
from careful.entrypoints.cli.scan import command
from careful.kernel import ledger
from careful.kernel.clock import iso
from careful.kernel.errors import Invalid

FLAW = "CVE-2023-4863"


@pytest.fixture
def scan(world, tmp_path):
    def run(*components, more=()):
        path = tmp_path / "sbom.json"
        path.write_bytes(purls(*components))
        return typed(command, world, str(path), *more)

    return run


@pytest.fixture
def fed(world, staff, tmp_path, clock):
    for document in (osv("GHSA-1", aliases=[FLAW]), kev(FLAW, released=iso(clock.now()))):
        path = tmp_path / "feed.json"
        path.write_text(json.dumps(document))
        whole = ["PyPI"] if "id" in document else []
        vulnerabilities.import_feed(world, staff, path, whole=whole, as_of=clock.now())


def test_a_flaw_is_named_with_its_evidence(scan, fed):
    done = scan("pillow==10.0.0", "libz", "yarl==1.9.2")
    assert done.exit_code == 1
    assert (
        f"{FLAW}\tunknown, exploited\tpillow 10.0.0\t10.0.1\tyes\tpurl pkg:pypi/pillow@10.0.0 in [0, 10.0.1)"
        in done.stdout
    )
    assert "not looked up: libz : no version" in done.stdout
    assert "1 known flaws, 0 that a person must check, in 2 components; 1 could not be looked up." in done.stdout


def test_for_programs(scan, fed):
    done = scan("pillow==10.0.0", "libz", more=["--json"])
    found = read(done)
    assert done.exit_code == 1
    assert (found["counts"]["components"], found["counts"]["looked_up"], found["feeds_fresh"]) == (2, 1, True)
    (one,) = found["findings"]
    assert (one["vulnerability"], one["aliases"], one["exploited"]) == (FLAW, ["GHSA-1"], True)
    assert (one["component"], one["version"], one["state"]) == ("pillow", "10.0.0", "affected")
    assert (one["matched_by"], one["feed"], "in [0, 10.0.1)" in one["reason"]) == ("purl", "osv", True)
    outcomes = [(part["name"], part["outcome"], part["reason"]) for part in found["components"]]
    assert outcomes == [("pillow", "looked up", ""), ("libz", "not looked up", "no version")]


def test_for_code_scanning(scan, fed):
    log = json.loads(scan("pillow==10.0.0", more=["--format", "sarif"]).stdout)
    (run_,) = log["runs"]
    assert [rule["id"] for rule in run_["tool"]["driver"]["rules"]] == [FLAW]
    assert [(one["ruleId"], one["ruleIndex"], one["level"]) for one in run_["results"]] == [(FLAW, 0, "error")]


@pytest.mark.parametrize(
    ("bar", "code"), [("exploited", 1), ("critical", 1), ("any", 1)], ids=["exploited", "critical", "any"]
)
def test_an_exploited_flaw_is_above_every_bar(scan, fed, bar, code):
    assert scan("pillow==10.0.0", more=["--fail-on", bar]).exit_code == code


@pytest.mark.parametrize(
    ("components", "more", "code", "says"),
    [
        pytest.param(["pillow==10.0.1"], [], 0, "No known flaw in 1 components", id="mended"),
        pytest.param(["pillow==10.0.1", "libz"], [], 0, "1 could not be looked up", id="one unknown is said"),
        pytest.param(["pillow==10.0.1", "libz"], ["--strict"], 1, "1 could not be looked up", id="strict"),
        pytest.param(["libz"], [], 1, "Not known: no component could be looked up", id="no coverage is no comfort"),
        pytest.param([], [], 1, "Not known: no component could be looked up", id="an empty SBOM is no comfort"),
    ],
)
def test_exit_codes(scan, fed, components, more, code, says):
    done = scan(*components, more=more)
    assert (done.exit_code, says in done.stdout) == (code, True), done.stdout


def test_a_single_record_is_no_feed_of_its_ecosystem(scan, world, staff, tmp_path, clock):
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(osv("GHSA-1", modified=iso(clock.now()))))
    vulnerabilities.import_feed(world, staff, path)
    other = scan("yarl==1.9.2")
    assert other.exit_code == 1
    assert "Not known: no component could be looked up." in other.stdout
    assert "not looked up: yarl 1.9.2: no feed here covers all of pkg:pypi; no record names it" in other.stdout
    named = scan("pillow==10.0.1")
    assert named.exit_code == 1
    assert "Not known: no feed covers any component's ecosystem in full; 1 of them in single records" in named.stdout
    assert "looked up in part: pillow 10.0.1: only single records speak of it here" in named.stdout
    assert read(scan("pillow==10.0.1", more=["--json"]))["counts"]["looked_up_in_part"] == 1


def test_a_part_that_is_known_in_part_is_said(scan, fed, world, staff, tmp_path):
    path = tmp_path / "npm.json"
    path.write_text(json.dumps(osv("B", affected=[{"package": {"ecosystem": "npm", "name": "left"}}])))
    vulnerabilities.import_feed(world, staff, path)
    path.write_bytes(purls("pillow==10.0.1").replace(b"]}", b', {"name": "left", "purl": "pkg:npm/left@1"}]}'))
    done = typed(command, world, str(path))
    assert "1 of them in single records only" in done.stdout


def test_without_a_feed_nothing_is_known(scan):
    done = scan("pillow==10.0.1")
    assert done.exit_code == 1
    assert "Not known: there is no feed" in done.stdout


def test_an_old_feed_makes_no_known_flaw_not_known(scan, fed, clock, world):
    clock.advance(timedelta(days=2))
    done = scan("pillow==10.0.1")
    assert done.exit_code == 1
    assert "A feed is too old" in done.stdout


def test_nothing_is_stored(scan, fed, world):
    with world.look() as connection:
        before = ledger.size(connection)
    scan("pillow==10.0.0")
    with world.look() as connection:
        assert ledger.size(connection) == before
    assert vulnerabilities.cases(world) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "There is no file", id="missing"),
        pytest.param(b"{", "not JSON", id="broken"),
        pytest.param(b"<bom/>", "XML", id="XML"),
        pytest.param(b'{"components": []}', "no SBOM that we read", id="something else"),
        pytest.param(b"{" * 2_000_001, "objects", id="too much"),
    ],
)
def test_what_cannot_be_read_is_2(world, tmp_path, capsys, content, says):
    """1 means flaws, or not known: what cannot be read must never look so."""
    path = tmp_path / "sbom.json"
    if content is not None:
        path.write_bytes(content)

    class Parts:
        def use(self, **_more):
            pass

        def world(self):
            return world

    assert run(Parts(), {}, ["scan", str(path)]) == 2
    assert says in capsys.readouterr().err


def test_what_the_sbom_settles_is_shown(world, tmp_path, fed):
    patch = {"type": "backport", "resolves": [{"type": "security", "name": FLAW}]}
    sbom = json.loads(purls("pillow==10.0.0"))
    sbom["components"][0]["pedigree"] = {"patches": [patch]}
    path = tmp_path / "sbom.json"
    path.write_text(json.dumps(sbom))
    done = typed(command, world, str(path))
    assert done.exit_code == 0
    assert f"settled: {FLAW} in pillow: the SBOM says patched" in done.stdout
    assert len(read(typed(command, world, str(path), "--json"))["settled"]) == 1


@pytest.fixture
def feed(tmp_path):
    """A feed file of one record of medium severity."""
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "one.json").write_text(
        json.dumps(osv("GHSA-1", aliases=[FLAW], database_specific={"severity": "MODERATE"}))
    )
    vulnerabilities.build_feed_file(tmp_path / "feed.sqlite", folder, datetime(2026, 11, 2, tzinfo=UTC))
    return tmp_path / "feed.sqlite"


@pytest.mark.parametrize(
    ("component", "more", "code"),
    [
        pytest.param("pillow==10.0.0", [], 1, id="a flaw"),
        pytest.param("pillow==10.0.0", ["--fail-on", "medium"], 1, id="at the bar"),
        pytest.param("pillow==10.0.0", ["--fail-on", "high"], 0, id="below the bar"),
        pytest.param("pillow==10.0.0", ["--fail-on", "exploited"], 0, id="not exploited"),
        pytest.param("pillow==10.0.1", [], 0, id="clean"),
        pytest.param("pillow==10.0.1", ["--strict"], 1, id="clean, but only in single records"),
        pytest.param("yarl==1.9.2", [], 1, id="nothing looked up is not clean"),
    ],
)
def test_a_feed_file_alone(feed, tmp_path, component, more, code):
    """No installation, no network: only the file that is named."""
    path = tmp_path / "sbom.json"
    path.write_bytes(purls(component))
    before = feed.read_bytes()
    done = CliRunner().invoke(command, [str(path), "--feed", str(feed), *more], standalone_mode=False, obj=Parts())
    assert (done.return_value if done.exception is None else done.exit_code) == code, done.output
    assert feed.read_bytes() == before
    assert sorted(one.name for one in feed.parent.iterdir()) == ["feed.sqlite", "feeds", "sbom.json"]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300])
def test_what_is_no_feed_file(tmp_path, content):
    (tmp_path / "feed").write_bytes(content)
    (tmp_path / "sbom.json").write_bytes(purls("pillow==10.0.0"))
    with pytest.raises(Invalid, match="is no feed file"):
        typed(command, None, str(tmp_path / "sbom.json"), "--feed", str(tmp_path / "feed"))


def test_what_a_supplier_says_is_applied_and_accounted_for(feed, tmp_path):
    path, vex = tmp_path / "sbom.json", tmp_path / "vex.json"
    path.write_bytes(purls("pillow==10.0.0"))
    said = {
        "vulnerability": {"name": FLAW},
        "products": [{"@id": "pkg:pypi/pillow@10.0.0"}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
    }
    other = {**said, "justification": None}
    vex.write_text(json.dumps({"@context": "https://openvex.dev/ns", "author": "us", "statements": [said, other]}))
    given = [str(path), "--feed", str(feed), "--vex", str(vex)]
    done = CliRunner().invoke(command, given, obj=Parts())
    assert done.exit_code == 0
    assert f"settled: {FLAW} in pillow: us says not affected (vulnerable code not present)" in done.stdout
    assert f"statement refused: {FLAW} at $.statements[1]: it says not affected and not why" in done.stdout
    lines = json.loads(CliRunner().invoke(command, [*given, "--json"], obj=Parts()).stdout)["statements"]
    assert [one["outcome"] for one in lines] == ["applied", "refused"]
