"""`careful vuln` as typed: from the list to the close."""

import json
from datetime import timedelta

import pytest
from flaws_cli import read, typed
from flaws_sample import kev, osv, purls

from careful import devices, obligations, products, releases, vulnerabilities
from careful.entrypoints.cli.vuln import command
from careful.kernel.errors import NotFound, Refused

FLAW = "CVE-2023-4863"


@pytest.fixture
def run(world):
    return lambda *arguments: typed(command, world, *arguments)


@pytest.fixture
def case(world, staff, tmp_path):
    """A flaw in cam-1 1.0.0, which one device runs."""
    text = b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [cam-1]}\n"
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    image = tmp_path / "cam.img"
    image.write_bytes(b"image")
    releases.add(world, staff, "cam-1", "1.0.0", image, purls("pillow==10.0.0"), ("rev-a",))
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps(osv("GHSA-1", aliases=[FLAW])))
    vulnerabilities.import_feed(world, staff, feed)
    vulnerabilities.match(world)
    devices.make_tokens(world, staff, "cam-1", ["cam-1-001"], "rev-a")
    devices.report_version(world, "cam-1-001", "1.0.0", "ddi")
    return vulnerabilities.cases(world)[0].id


def test_an_empty_list_is_no_promise(run):
    assert "No case, but that says nothing: a feed is missing or too old" in run("list").stdout


def test_list_and_show(run, case):
    assert f"{case}\t{FLAW}\tcam-1\tunknown\t1.0.0\tto be judged" in run("list").stdout
    assert (
        "\tEPSS not known; attacker's needs not known; reach not declared; 1 of 1 devices (100%); no fix yet"
        in run("list").stdout
    )
    assert read(run("list", "--state", "open", "--product", "cam-1", "--json"))[0]["id"] == case
    said = run("show", case).stdout
    assert "pillow 10.0.0 [affected] purl pkg:pypi/pillow@10.0.0 in [0, 10.0.1) by GHSA-1 from osv" in said
    assert f"Decide: careful vuln judge {case}" in said
    assert read(run("show", case, "--json"))["findings"][0]["fixed_version"] == "10.0.1"
    with pytest.raises(NotFound):
        run("show", "nothing")


def test_what_is_stale_is_said_beside_the_list_and_its_json(run, world, case):
    assert "not known here" in run("list").stderr
    assert "not known here" in run("list", "--json").stderr
    assert read(run("list", "--json"))[0]["id"] == case


def test_a_flaw_that_only_we_know_is_exploited_comes_first_and_says_who(run, world, staff, case):
    obligations.aware(world, staff, case, "Our honeypot saw it used")
    (one,) = read(run("list", "--json"))
    assert (one["report"]["title"], one["said"]["by"], one["exploited"]) == ("Early warning", "staff:ann", False)
    assert one["why"].startswith("exploited, says staff:ann, since 2026-11-02")
    line = run("list").stdout
    assert "unknown, exploited" in line
    assert "Early warning, due 2026-11-03 09:00:00Z" in line
    world.clock.advance(timedelta(hours=25))
    assert "Early warning, was due 2026-11-03 09:00:00Z" in run("list").stdout
    assert "It is exploited, says staff:ann" in run("show", case).stdout


def test_from_judging_to_closing(run, case):
    seen = run("exposed", case).stdout
    assert "1 device runs it now: 1 on 1.0.0.\nNone of them has an owner on record" in seen
    assert "cam-1-001\t1.0.0\tnot accounted for" in seen
    with pytest.raises(Refused, match="justification"):
        run("judge", case, "--status", "not_affected")
    done = run("judge", case, "--status", "affected", "--action", "Keep it on; it updates itself.")
    assert f"careful notice draft {case}" in done.stdout
    with pytest.raises(Refused, match="1 exposed devices"):
        run("close", case)
    assert "0 exposed devices are not" in run("account", case, "cam-1-001", "--reason", "lost at sea").stdout
    said = read(run("exposed", case, "--json"))
    assert said.pop("affected")["now"] == {"1.0.0": ["cam-1-001"]}
    assert said == {
        "exposed": {"devices": ["cam-1-001"], "by_version": {"1.0.0": 1}},
        "unaccounted": [],
        "accounted": {"cam-1-001": "lost at sea"},
    }
    assert "is closed" in run("close", case).stdout
    assert read(run("close", case, "--json"))["state"] == "closed"


def test_not_affected_with_a_justification(run, case):
    done = run("judge", case, "--status", "not_affected", "--justification", "vulnerable_code_not_present", "--json")
    assert read(done)["justification"] == "vulnerable_code_not_present"
    assert read(run("account", case, "cam-1-001", "--reason", "x", "--json"))["unaccounted"] == []


def test_export_for_other_programs(run, case, tmp_path):
    document = json.loads(run("export", "cam-1").stdout)
    (said,) = document["statements"]
    assert (said["vulnerability"], said["status"]) == ({"name": FLAW}, "under_investigation")
    assert said["products"] == [
        {"@id": "pkg:generic/cam-1@1.0.0", "subcomponents": [{"@id": "pkg:pypi/pillow@10.0.0"}]}
    ]
    run("judge", case, "--status", "affected", "--action", "Keep it on; it updates itself.")
    (said,) = json.loads(run("export", "cam-1", "--format", "cyclonedx").stdout)["vulnerabilities"]
    assert (said["id"], said["analysis"]["state"]) == (FLAW, "exploitable")
    assert run("export", "cam-1", "--format", "csv").stdout.splitlines()[1].startswith(f"cam-1,{FLAW},1.0.0,affected")
    told = read(run("export", "cam-1", "--output", str(tmp_path / "vex.json"), "--json"))
    assert told["statements"] == len(json.loads((tmp_path / "vex.json").read_text())["statements"]) == 1
    with pytest.raises(NotFound):
        run("export", "nothing")


def vex(*said):
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "author": "Pillow", "statements": said})


def words(status, product="pkg:pypi/pillow@10.0.0", flaw=FLAW, **more):
    return {"vulnerability": {"name": flaw}, "products": [{"@id": product}], "status": status, **more}


@pytest.mark.parametrize(
    ("said", "outcome", "status"),
    [
        pytest.param(
            words("not_affected", justification="vulnerable_code_not_present"), "applied", "not_affected", id="supplier"
        ),
        pytest.param(words("affected", action_statement="Update."), "applied", "affected", id="affected"),
        pytest.param(words("fixed", "pkg:generic/cam-1@1.0.0"), "applied", "not_affected", id="our own"),
        pytest.param(words("not_affected"), "refused", None, id="no reason"),
        pytest.param(words("not_affected", justification="because"), "refused", None, id="none of the five"),
        pytest.param(words("fixed", "pkg:pypi/pillow@9"), "unmatched", None, id="another version"),
        pytest.param(words("fixed", flaw="CVE-1"), "unmatched", None, id="another flaw"),
    ],
)
def test_import_of_what_others_say(run, world, case, tmp_path, said, outcome, status):
    (tmp_path / "vex.json").write_text(vex(said))
    (line,) = read(run("import", "cam-1", str(tmp_path / "vex.json"), "--json"))
    assert line["outcome"] == outcome, line
    assert vulnerabilities.case(world, case).status == status


def test_no_decision_is_replaced(run, world, case, tmp_path):
    run("judge", case, "--status", "affected", "--action", "Keep it on; it updates itself.")
    (tmp_path / "vex.json").write_text(vex(words("fixed"), words("affected")))
    done = run("import", "cam-1", str(tmp_path / "vex.json"))
    assert f"refused\t{FLAW}\tfixed\tit is decided already: affected" in done.stdout
    assert f"applied\t{FLAW}\taffected\tto case {case}" in done.stdout


def test_no_exploited_flaw_is_waved_through(run, world, staff, case, tmp_path):
    (tmp_path / "kev.json").write_text(json.dumps(kev(FLAW, released="2026-11-01T00:00:00Z")))
    vulnerabilities.import_feed(world, staff, tmp_path / "kev.json")
    vulnerabilities.match(world)
    (tmp_path / "vex.json").write_text(vex(words("fixed")))
    (line,) = read(run("import", "cam-1", str(tmp_path / "vex.json"), "--json"))
    assert (line["outcome"], line["reason"]) == ("refused", "it is exploited in the wild: a person must decide")


def test_what_was_compiled_into_a_kernel(run, world, case, tmp_path):
    (tmp_path / "files.txt").write_text("kernel/fork.o\nnet/tun.o\n")
    assert (
        "2 compiled files noted; cam-1 1.0.0 is matched again"
        in run("kernel-files", "cam-1@1.0.0", str(tmp_path / "files.txt")).stdout
    )
    release = releases.get(world, "cam-1", "1.0.0").id
    assert read(run("kernel-files", release, str(tmp_path / "files.txt"), "--json")) == {"release": release, "files": 2}
