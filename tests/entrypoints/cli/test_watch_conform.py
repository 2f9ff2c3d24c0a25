"""`careful watch conform` as typed."""

import json
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from recordings import CLOUD, DEVICE, Line, client_hello, pcap

from careful import monitoring, products
from careful.entrypoints.cli.watch import command
from careful.entrypoints.cli.watch_conform import digest
from careful.kernel.actors import OPERATOR

PLUG = Path(__file__).parents[3] / "examples" / "products" / "plug-1" / "product.yaml"


def run(*arguments, obj=None):
    done = CliRunner().invoke(command, [str(one) for one in arguments], obj=obj, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


@pytest.fixture
def recording(tmp_path):
    frames = []
    for port, name, client_port in ((8444, "updates.hearth.example", 1), (443, "api.tracker.example", 2)):
        line = Line(server=CLOUD, port=port, client_port=client_port)
        frames += [*line.opened(), line.up(client_hello(name))]
    path = tmp_path / "lab.pcap"
    path.write_bytes(pcap(frames))
    return path


def test_both_ways_for_people(recording):
    done = run("conform", recording, "--declaration", PLUG)
    assert done.return_value == 1
    assert "NO\tto api.tracker.example, tcp 443" in done.stdout
    assert "yes\tto updates.hearth.example, tcp 8444" in done.stdout
    assert "declared, never seen: to mqtt.hearth.example, tcp 8883" in done.stdout
    assert "50% of what was seen is declared; 50% of what is declared was seen." in done.stdout


def test_both_ways_for_programs(recording):
    told = json.loads(run("conform", recording, "--declaration", PLUG, "--json").stdout)
    assert told["format"] == "careful.conformance/1"
    assert (told["share_of_seen_that_is_declared"], told["share_of_declared_that_was_seen"]) == (0.5, 0.5)
    assert told["seen"][0]["peer"] == "api.tracker.example"
    assert told["never_seen"] == ["to mqtt.hearth.example, tcp 8883"]


def test_a_draft_is_the_beginning_of_a_product_file(recording):
    done = run("conform", recording, "--declaration", PLUG, "--draft")
    drafted = yaml.safe_load(done.stdout[done.stdout.index("# A draft") :])["ecosystem"]
    text = yaml.safe_dump({"schema": "product/1", "product": {"id": "lamp"}, "ecosystem": drafted}).encode()
    assert [way.host for way in products.ways(products.parse(text))[0]] == ["api.tracker.example"]


def test_something_must_be_declared(recording):
    with pytest.raises(click.UsageError):
        run("conform", recording)


def test_damage_exits_with_3(recording):
    recording.write_bytes(recording.read_bytes()[:-5])
    assert run("conform", recording, "--declaration", PLUG).return_value == 3


def test_the_same_recordings_are_known_again(recording, tmp_path):
    other = tmp_path / "other.pcap"
    other.write_bytes(recording.read_bytes())
    assert digest([recording]) == digest([other])
    assert digest([recording]) != digest([recording, other])


def test_only_named_devices_count(recording):
    done = run("conform", recording, "--declaration", PLUG, "--device", "10.0.0.99")
    assert "No conversation of a device was seen" in done.stdout
    assert run("conform", recording, "--declaration", PLUG, "--device", f"{DEVICE}=lamp").return_value == 1


def test_with_a_product_the_result_is_kept(recording, world):
    class Parts:
        def world(self):
            return world

    products.declare(world, OPERATOR, PLUG.read_bytes())
    done = run("conform", recording, "--product", "plug-1", "--release", "1.0.0", obj=Parts())
    (kept,) = monitoring.comparisons(world, "plug-1")
    assert f"Kept as observation {kept.id} of plug-1." in done.stdout
    assert (kept.release, kept.source, kept.recording, kept.version) == ("1.0.0", "packets", digest([recording]), 1)
    assert kept.found["never_seen"] == ["to mqtt.hearth.example, tcp 8883"]
    told = json.loads(run("conform", recording, "--product", "plug-1", "--no-record", "--json", obj=Parts()).stdout)
    assert "observation" not in told
    assert len(monitoring.comparisons(world, "plug-1")) == 1
