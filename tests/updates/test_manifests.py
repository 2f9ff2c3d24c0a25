"""Signed manifests as they come with attributes: what is believed, what is shown, what the ledger is told."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from careful import devices, releases, updates
from careful.updates.manifest import PREFIX

CAM = "cam-1-001"


@pytest.fixture
def cam(maker):
    maker.release("1.0.0")
    maker.release("1.0.1")
    return maker.device(CAM)


def parts(maker, *, version="1.0.1", count=1, sha256="", device=CAM, key=None, answers=""):
    key = key or maker.keys[CAM]
    said = {"device": device, "count": count, "answers": answers, "installed": [["os", version, sha256]]}
    text = json.dumps(said, separators=(",", ":"))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    signature = key.sign(PREFIX + text.encode(), ec.ECDSA(hashes.SHA256()))
    whole = "|".join((text, *(base64.b64encode(one).decode() for one in (public, signature))))
    return {f"manifest.{place // 128 + 1}": whole[place : place + 128] for place in range(0, len(whole), 128)}


def describe(world, version, given):
    updates.describe(world, CAM, "merge", {"version": version, **given})


def doubts(hands):
    return [data["state"] for name, data in hands.events() if name == "manifest_doubted"]


def test_a_signed_version_is_believed_and_shown(world, maker, cam, hands):
    sha256 = releases.get(world, "cam-1", "1.0.1").artifact.sha256
    describe(world, "1.0.1", parts(maker, sha256=sha256, answers="12"))
    found = updates.signed_version(world, CAM)
    assert (found.state, found.version, found.sha256, found.answers) == ("signed", "1.0.1", sha256, "12")
    assert found.vouches_for("1.0.1")
    assert not found.vouches_for("1.0.0")
    assert not found.vouches_for(None)
    assert devices.get(world, CAM).version == "1.0.1"
    assert updates.attributes(world, CAM) == {"version": "1.0.1"}  # the parts are no attributes
    assert doubts(hands) == []


@pytest.mark.parametrize(
    ("claim", "bend", "state"),
    [
        pytest.param("1.0.1", {"version": "1.0.0"}, "disagrees", id="the claim is another version"),
        pytest.param("1.0.1", {"sha256": "b" * 64}, "disagrees", id="other bytes than were released"),
        pytest.param("1.0.1", {"device": "cam-1-002"}, "refused", id="about another device"),
        pytest.param("1.0.1", {"key": ec.generate_private_key(ec.SECP256R1())}, "refused", id="a stranger's key"),
    ],
)
def test_a_claim_that_the_manifest_does_not_bear_out_is_not_believed(world, maker, cam, hands, claim, bend, state):
    before = devices.get(world, CAM).version
    for _ in range(2):  # said twice, it is told once
        describe(world, claim, parts(maker, **bend))
    assert updates.signed_version(world, CAM).state == state
    assert devices.get(world, CAM).version == before
    assert doubts(hands) == [state]
    describe(world, "1.0.1", parts(maker, count=9))
    assert updates.signed_version(world, CAM).state == "signed"
    assert devices.get(world, CAM).version == "1.0.1"


def test_an_older_manifest_is_no_news_and_the_same_again_is(world, maker, cam, hands):
    now = parts(maker, version="1.0.0", count=8)
    describe(world, "1.0.0", now)
    describe(world, "1.0.0", now)  # the answer was lost, so it is sent again
    assert updates.signed_version(world, CAM).state == "signed"
    describe(world, "1.0.1", parts(maker, version="1.0.1", count=7))
    found = updates.signed_version(world, CAM)
    assert (found.state, found.why, found.version) == ("refused", "it is number 7, and 8 was heard before", "1.0.0")
    assert devices.get(world, CAM).version == "1.0.0"


def test_no_update_is_confirmed_by_a_claim_that_its_manifest_contradicts(world, staff, maker, cam, hands, done):
    rollout = updates.start_rollout(world, staff, "cam-1", "1.0.1", waves=("all",))
    hands.advance()
    order = updates.order_for(world, CAM)
    updates.retrieved(world, CAM, order.id)
    updates.feedback(world, CAM, order.id, done)
    describe(world, "1.0.1", parts(maker, version="1.0.0", count=1))
    hands.advance()
    assert updates.rollout(world, rollout).members[0].state == "installed"
    assert updates.Board(world, fresh=0).get(CAM).wants_attributes
    describe(world, "1.0.1", parts(maker, count=2))
    hands.advance()
    assert updates.rollout(world, rollout).members[0].state == "confirmed"


def test_without_a_manifest_all_is_as_before(world, maker, cam):
    describe(world, "1.0.1", {})
    assert devices.get(world, CAM).version == "1.0.1"
    assert updates.signed_version(world, CAM) is None


def test_a_manifest_outlives_neither_its_certificate_nor_a_removal(world, staff, maker, cam):
    updates.describe(world, CAM, "remove", parts(maker))
    assert updates.signed_version(world, CAM) is None
    assert len(devices.keys_of(world, CAM)) == 1
    devices.revoke(world, staff, CAM, "lost")
    assert devices.keys_of(world, CAM) == frozenset()
