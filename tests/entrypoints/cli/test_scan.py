"""`careful scan` as typed: what it finds, what it cannot tell, its exit codes."""

import json
from datetime import timedelta

import pytest
from flaws_cli import read, typed
from flaws_sample import kev, osv, purls

from careful import vulnerabilities
from careful.entrypoints.cli import run
from careful.entrypoints.cli.scan import command
from careful.kernel import ledger
from careful.kernel.clock import iso

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
    assert (found["components"], found["looked_up"], found["feeds_fresh"]) == (2, 1, True)
    assert found["flaws"][0]["flaw"] == FLAW
    assert found["flaws"][0]["exploited"] is True
    assert found["not_looked_up"] == [{"name": "libz", "version": "", "reason": "no version"}]


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
    assert len(read(scan("pillow==10.0.1", more=["--json"]))["looked_up_in_part"]) == 1


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
    assert "a feed is too old" in done.stdout


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
    assert f"settled by the SBOM itself: {FLAW} in pillow: the SBOM says patched" in done.stdout
    assert len(read(typed(command, world, str(path), "--json"))["settled"]) == 1
