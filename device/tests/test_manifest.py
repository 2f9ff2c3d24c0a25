import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from careful_device import manifest
from careful_device.model import Facts

FACTS = Facts(device="cam-1-001", product="cam-1", hardware="rev-a", version="1.0.0", sha256="a" * 64)


def opened(parts):
    """Join and verify a manifest; return what it says."""
    whole = "".join(parts[f"manifest.{number}"] for number in range(1, len(parts) + 1))
    text, key, signature = whole.rsplit("|", 2)
    public = serialization.load_der_public_key(base64.b64decode(key))
    public.verify(base64.b64decode(signature), manifest.PREFIX + text.encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(text)


@pytest.fixture
def identity(device):
    device.settle()
    return device.agent.identity


def test_what_is_installed_is_signed_by_the_devices_key(identity, home):
    manifest.note_answer(home, "12")
    parts = manifest.attributes(home, identity, FACTS)
    assert all(len(part) <= 128 for part in parts.values())
    said = opened(parts)
    assert said["installed"] == [["os", "1.0.0", "a" * 64]]
    assert (said["device"], said["answers"]) == ("cam-1-001", "12")


def test_each_has_a_higher_number_also_when_the_clock_is_set_back(identity, home, monkeypatch):
    first = opened(manifest.attributes(home, identity, FACTS))["count"]
    monkeypatch.setattr(manifest.time, "time", lambda: 1000.0)
    second = opened(manifest.attributes(home, identity, FACTS))["count"]
    assert second == first + 1
    (home / "manifest.json").unlink()
    monkeypatch.undo()
    assert opened(manifest.attributes(home, identity, FACTS))["count"] >= first


def test_nothing_is_signed_without_version_or_key(identity, home, tmp_path):
    assert manifest.attributes(home, identity, Facts(device="d", product="p", hardware="h", version="")) == {}
    (home / "identity.pem").unlink()
    assert manifest.attributes(home, identity, FACTS) == {}


def test_the_longest_names_fit_what_the_server_takes(identity, home):
    long = Facts(device="d" * 64, product="p", hardware="h", version="1" * 64, sha256="a" * 64)
    manifest.note_answer(home, "1" * 40)
    assert len(manifest.attributes(home, identity, long)) <= 16


def test_an_order_that_was_closed_is_what_the_next_manifest_answers(device, home, maker):
    maker.release("1.0.0")
    action = maker.order("1.0.0")
    device.ask()
    [said] = [one for one in maker.described if "manifest.1" in one][-1:]
    told = opened({name: value for name, value in said.items() if name.startswith("manifest.")})
    assert (told["answers"], told["installed"][0][1]) == (action, "1.0.0")
    assert len(told["installed"][0][2]) == 64
