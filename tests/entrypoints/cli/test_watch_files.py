"""What the commands on recordings share."""

from pathlib import Path

import click
import msgspec
import pytest
from recordings import DEVICE, Line, pcap

from careful.entrypoints.cli.watch_files import baseline, basis, devices, opening
from careful.kernel.errors import Invalid
from careful.monitoring.recorded import Learnt

PLUG = Path(__file__).parents[3] / "examples" / "products" / "plug-1" / "product.yaml"


def test_what_is_expected_comes_from_one_place():
    made = basis(None, None, None, PLUG)
    assert (made.source, made.expected.product) == ("declaration", "plug-1")
    assert made.profile.entries[0].host == "mqtt.hearth.example"
    assert basis(None, None, None, None).source == "nothing"
    with pytest.raises(click.UsageError):
        basis(None, PLUG, "plug-1", None)


def test_devices_are_named_by_address():
    made = devices(["10.0.0.7=lamp", "02:00:0A:00:00:08"])
    assert (made.id_of("10.0.0.7"), made.id_of("", bytes.fromhex("02000a000008"))) == ("lamp", "02:00:0A:00:00:08")
    with pytest.raises(click.UsageError):
        devices(["=lamp"])


def test_a_baseline_is_learnt_or_read(tmp_path):
    quiet, kept, broken = tmp_path / "a.pcap", tmp_path / "b.json", tmp_path / "c.json"
    quiet.write_bytes(pcap(Line().opened()))
    kept.write_bytes(msgspec.json.encode(Learnt(sessions=3)))
    broken.write_text("{")
    with opening() as opened:
        assert baseline([quiet], opened).devices == {DEVICE}
        assert baseline([kept], opened).sessions == 3
        assert baseline([], opened) is None
        with pytest.raises(Invalid, match="no baseline"):
            baseline([broken], opened)
