"""`careful watch replay` as typed: exit codes, and what people and programs are told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from recordings import CLOUD, DEVICE, SYN, Line, connack, connect, pcap, publish

from careful import products
from careful.entrypoints.cli.watch import command
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.monitoring import rules

PLUG = Path(__file__).parents[3] / "examples" / "products" / "plug-1" / "product.yaml"
SCAN = [(100.0 + n / 10, Line(server=f"203.0.113.{n}", port=23).segment(flags=SYN)) for n in range(1, 60)]


def run(*arguments, obj=None):
    done = CliRunner().invoke(command, [str(one) for one in arguments], obj=obj, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


@pytest.fixture
def saved(tmp_path):
    def save(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return save


def quiet_frames():
    line = Line()
    said = [line.up(connect()), line.down(connack()), *(line.up(publish()) for _ in range(3))]
    return [(100.0 + number, one) for number, one in enumerate([*line.opened(), *said])]


def test_quiet_traffic_exits_with_0(saved):
    done = run("replay", saved("a.pcap", pcap(quiet_frames())))
    assert done.return_value == 0
    assert "a.pcap: 8 records, 1 devices" in done.stdout
    assert "Nothing would have fired." in done.stdout


def test_what_would_have_fired_exits_with_1_and_is_told(saved):
    done = run("replay", saved("a.pcap", pcap(SCAN)))
    assert done.return_value == 1
    assert "1970-01-01T00:01:43.000Z\t10.0.0.7\tscan\tquarantine" in done.stdout


def test_the_json_is_stable(saved):
    labels = saved("l.csv", "start,end,label,device\n100,106,worm,10.0.0.7\n500,600,flood,10.0.0.9\n")
    told = json.loads(run("replay", saved("a.pcap", pcap(SCAN)), "--labels", labels, "--format", "json").stdout)
    assert list(told) == [
        "format", "recordings", "expected", "detections", "not_listed", "summary", "score", "rules",
    ]  # fmt: skip
    assert told["format"] == "careful.replay/1"
    (one,) = told["detections"]
    assert (one["rule"], one["device"], one["action"], one["limit"], one["limit_from"]) == (
        "scan", DEVICE, "quarantine", 20, "built-in",
    )  # fmt: skip
    assert {"cause", "first", "last", "first_epoch", "last_epoch", "times", "observed", "says"} < set(one)
    first = told["score"]["attacks"][0]
    assert (first["label"], first["found"], first["after_seconds"], first["rules"]) == ("worm", True, 3.0, ["scan"])
    assert (told["score"]["found"], told["score"]["missed"], told["score"]["false_alarms"]) == (1, 1, 0)
    assert {one["id"] for one in told["rules"]} == {rule.id for rule in rules()}
    assert told["summary"]["by_rule"] == {"scan": 1}


def test_a_declaration_and_a_mud_file_decide(saved):
    line = Line(server=CLOUD, port=443)
    path = saved("a.pcap", pcap(line.opened()))
    told = json.loads(run("replay", path, "--declaration", PLUG, "--json").stdout)
    assert [one["rule"] for one in told["detections"]] == ["undeclared_destination"]
    assert told["expected"] == {
        "from": "declaration", "name": "product.yaml", "left_out": [], "baseline_device_days": None,
    }  # fmt: skip
    mud = saved("m.json", json.dumps({"ietf-mud:mud": {"systeminfo": "plug", "is-supported": True}}))
    told = json.loads(run("replay", path, "--mud", mud, "--json").stdout)
    assert [one["rule"] for one in told["detections"]] == ["undeclared_destination"]
    assert told["expected"]["from"] == "mud"


def test_a_product_of_the_installation_decides(saved, world):
    class Parts:
        def world(self):
            return world

    products.declare(world, OPERATOR, PLUG.read_bytes())
    told = json.loads(run("replay", saved("a.pcap", pcap(SCAN)), "--product", "plug-1", "--json", obj=Parts()).stdout)
    assert told["expected"] == {"from": "product", "name": "plug-1", "left_out": [], "baseline_device_days": None}


def test_a_recording_without_devices_says_how_to_name_them(saved):
    path = saved("a.pcap", pcap(Line(client=CLOUD, server="198.51.100.7").opened()))
    done = run("replay", path)
    assert (done.return_value, "--device ADDRESS" in done.stdout) == (0, True)
    assert run("replay", path, "--device", f"{CLOUD}=lamp").stdout.count("1 devices") == 1


def test_damage_exits_with_3_after_what_came_before(saved):
    done = run("replay", saved("a.pcap", pcap(SCAN)[:-10]), "--json")
    assert done.return_value == 3
    told = json.loads(done.stdout)
    assert told["recordings"][0]["damaged"]["where"].startswith("a.pcap, byte")
    assert told["detections"]
    assert "cannot be read on" in done.stderr


def test_what_is_no_recording_is_unreadable(saved):
    with pytest.raises(Invalid):  # the command line exits with 2
        run("replay", saved("a.txt", "hello"))


def test_quiet_days_are_learnt_and_used(saved, tmp_path):
    quiet, baseline = saved("q.pcap", pcap(quiet_frames())), tmp_path / "b.json"
    assert "1 devices" in run("learn", quiet, "-o", baseline).stdout
    other = saved("o.pcap", pcap(Line(server=CLOUD, port=443).opened()))
    for given in (baseline, quiet):
        told = json.loads(run("replay", other, "--baseline", given, "--json").stdout)
        assert [(one["rule"], one["limit_from"]) for one in told["detections"]] == [("new_destination", "baseline")]
        assert told["expected"]["baseline_device_days"] > 0


def test_several_recordings_are_one_story(saved):
    first, second = saved("1.pcap", pcap(SCAN[:12])), saved("2.pcap", pcap(SCAN[12:24]))
    assert run("replay", first).return_value == 0
    assert run("replay", first, second).return_value == 1
