"""`careful feeds` as typed."""

import json
import zipfile

import pytest
from flaws_cli import read, typed
from flaws_sample import kev, osv

from careful.entrypoints.cli.feeds import command
from careful.kernel.errors import Invalid


@pytest.fixture
def run(world):
    return lambda *arguments: typed(command, world, *arguments)


def test_import_says_what_was_taken_and_what_was_refused(run, tmp_path):
    path = tmp_path / "list.json"
    path.write_text(json.dumps([osv("A"), *({"id": f"B{number}", "affected": {"x": 1}} for number in range(12))]))
    said = run("import", str(path)).stdout
    assert "osv: 1 taken, 0 unchanged, 0 withdrawn, 12 refused" in said
    assert "refused list.json#$[1]: $.affected: expected a list" in said
    assert "and 2 more" in said
    assert read(run("import", str(path), "--kind", "osv", "--json"))["unchanged"] == 1


def test_what_a_feed_covers_is_declared_and_shown(run, tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(osv("A")))
    assert "covers only packages that its records name" in run("import", str(path)).stdout
    assert "\tonly packages that its records name\t" in run("list").stdout
    assert "not taken as all of npm: no record in it is of that" in run("import", str(path), "--whole", "npm").stdout
    assert "covers all of PyPI" in run("import", str(path), "--whole", "PyPI").stdout
    assert "\tall of PyPI\t" in run("list").stdout


def test_import_of_what_is_no_feed(run, tmp_path):
    with pytest.raises(Invalid):
        run("import", str(tmp_path / "none"))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(run, tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A.json", json.dumps(osv("A")))
        archive.writestr("B.json", bytes(8 << 20))
    with pytest.raises(Invalid, match=r"B\.json in it would unpack .* to 8,388,608: it is no feed but a zip bomb"):
        run("import", str(path))
    assert "No feed yet" in run("list").stdout


def test_list(run, tmp_path):
    assert "No feed yet" in run("list").stdout
    path = tmp_path / "kev.json"
    path.write_text(json.dumps(kev("CVE-2023-4863")))
    run("import", str(path))
    assert "kev\t1\t2026-11-02 00:00:00Z" in run("list").stdout
    assert read(run("list", "--json"))[0]["fresh"] is True


def test_sync_from_a_folder_of_copies(run, tmp_path):
    (tmp_path / "known_exploited_vulnerabilities.json").write_text(json.dumps(kev("CVE-2023-4863")))
    done = run("sync", "--only", "kev", "--mirror", str(tmp_path))
    assert (done.exit_code, "kev: 1 taken" in done.stdout) == (0, True)
    missing = run("sync", "--only", "osv", "--ecosystem", "PyPI", "--mirror", str(tmp_path))
    assert missing.exit_code == 1
    assert "osv PyPI: The mirror has no" in missing.stdout
    assert read(run("sync", "--only", "kev", "--mirror", str(tmp_path), "--json"))[0]["ok"] is True
