import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_repository import Delegated
from tuf.api import exceptions
from tuf.api.metadata import Targets

from careful_device import trust, versions
from careful_device.errors import Refusal
from careful_device.model import Assignment, Facts, Order, Target

FACTS = Facts(device="d", product="cam-1", hardware="rev-a", version="1.2.0", security_floor=3, version_floor="1.2.0")
TARGET = Target(
    path="1.3.0/f", length=10, sha256="a" * 64, product="cam-1", hardware=("rev-a", "rev-b"), version="1.3.0",
    security_version=3,
)  # fmt: skip
ORDER = Order(
    action="7", href="h", version="1.3.0", filename="f", size=10, download="d", target_path="1.3.0/f", sha256="A" * 64
)


def kind_of(order=ORDER, target=TARGET, facts=FACTS):
    try:
        trust.check_order(order, facts)
        trust.check_target(order, target, facts)
    except Refusal as refusal:
        return refusal.kind
    return None


@pytest.mark.parametrize(
    ("order", "target", "facts", "kind"),
    [
        pytest.param({}, {}, {}, None, id="newer, for this device, as signed"),
        pytest.param({"sha256": ""}, {}, {}, None, id="an order without a digest"),
        pytest.param({"product": "lock-1"}, {}, {}, "wrong-model", id="an order for another product"),
        pytest.param({}, {"product": "lock-1"}, {}, "wrong-model", id="signed for another product"),
        pytest.param({}, {"hardware": ("rev-c",)}, {}, "wrong-model", id="signed for other hardware"),
        pytest.param({}, {"hardware": ()}, {}, "wrong-model", id="signed for no hardware"),
        pytest.param({"sha256": "b" * 64}, {}, {}, "tampered", id="another digest announced"),
        pytest.param({"size": 11}, {}, {}, "tampered", id="another size announced"),
        pytest.param({"version": "1.4.0"}, {}, {}, "tampered", id="an old image under a new name"),
        pytest.param({"version": "1.1.0"}, {"version": "1.1.0"}, {}, "rollback", id="older"),
        pytest.param({"version": "1.2.0"}, {"version": "1.2.0"}, {}, "rollback", id="the same version, other bytes"),
        pytest.param(
            {"version": "1.2.0"}, {"version": "1.2.0"}, {"sha256": "a" * 64}, None, id="exactly what runs already"
        ),
        pytest.param({}, {"security_version": 2}, {}, "rollback", id="newer, with a lower security version"),
        pytest.param(
            {}, {}, {"version_floor": "2.0"}, "rollback", id="newer than what runs, older than once confirmed"
        ),
        pytest.param({"version": "best"}, {"version": "best"}, {}, "rollback", id="a version without order"),
        pytest.param({}, {}, {"version": "", "version_floor": ""}, None, id="a device that never had software"),
    ],
)
def test_what_may_be_installed(order, target, facts, kind):
    assert kind_of(replace(ORDER, **order), replace(TARGET, **target), replace(FACTS, **facts)) == kind


def test_a_device_whose_version_is_unknown_still_has_its_floor():
    assert kind_of(facts=replace(FACTS, version="", version_floor="1.3.0")) == "rollback"


CUSTOM = {"product": "cam-1", "hardware": ["rev-a"], "version": "1.0", "security_version": 1}


@pytest.mark.parametrize(
    ("hashes", "custom"),
    [
        pytest.param({"md5": "a"}, CUSTOM, id="no SHA-256"),
        pytest.param({"sha256": "abc"}, CUSTOM, id="a SHA-256 of the wrong length"),
        pytest.param({"sha256": "a" * 64}, None, id="no description"),
        pytest.param({"sha256": "a" * 64}, ["x"], id="a description that is none"),
        *(
            pytest.param(
                {"sha256": "a" * 64}, {key: value for key, value in CUSTOM.items() if key != name}, id=f"no {name}"
            )
            for name in CUSTOM
        ),
        pytest.param({"sha256": "a" * 64}, {**CUSTOM, "hardware": "rev-a"}, id="hardware that is no list"),
        pytest.param({"sha256": "a" * 64}, {**CUSTOM, "hardware": [1]}, id="hardware that is no name"),
        pytest.param({"sha256": "a" * 64}, {**CUSTOM, "security_version": True}, id="a truth for a number"),
        pytest.param({"sha256": "a" * 64}, {**CUSTOM, "security_version": -1}, id="a number below zero"),
        pytest.param({"sha256": "a" * 64}, {**CUSTOM, "version": "x" * 65}, id="a version that is too long"),
    ],
)
def test_a_target_must_say_everything(hashes, custom):
    with pytest.raises(Refusal) as refused:
        trust.target_from("1.0/f", 1, hashes, custom)
    assert refused.value.kind == "unsigned"


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        pytest.param(exceptions.ExpiredMetadataError("x"), "expired", id="expired"),
        pytest.param(exceptions.BadVersionNumberError("x"), "rollback", id="older metadata"),
        pytest.param(exceptions.EqualVersionNumberError("x"), "rollback", id="the same metadata again"),
        pytest.param(exceptions.LengthOrHashMismatchError("x"), "tampered", id="other metadata"),
        pytest.param(exceptions.UnsignedMetadataError("x"), "unsigned", id="too few signatures"),
        pytest.param(exceptions.RepositoryError("x"), "unsigned", id="anything else"),
    ],
)
def test_verdicts_of_the_tuf_client(verdict, kind):
    assert trust.refusal_of(verdict).kind == kind


@pytest.mark.parametrize(
    ("length", "digest", "good"),
    [
        pytest.param(10, "a" * 64, True, id="as signed"),
        pytest.param(9, "a" * 64, False, id="shorter"),
        pytest.param(10, "b" * 64, False, id="other bytes"),
    ],
)
def test_bytes(length, digest, good):
    if good:
        trust.check_bytes(TARGET, length, digest)
    else:
        with pytest.raises(Refusal, match="^tampered: "):
            trust.check_bytes(TARGET, length, digest)


NUMBERS = st.tuples(*[st.integers(0, 20)] * 3)


@given(NUMBERS, NUMBERS, st.integers(0, 5), st.integers(0, 5))
def test_the_device_never_goes_below_what_it_confirmed(new, floor, security, security_floor):
    version, known = ".".join(map(str, new)), ".".join(map(str, floor))
    kind = kind_of(
        replace(ORDER, version=version),
        replace(TARGET, version=version, security_version=security),
        replace(FACTS, version=known, version_floor=known, security_floor=security_floor),
    )
    assert (kind is None) == (new > floor and security >= security_floor)


@given(st.text(max_size=12), st.text(max_size=12))
def test_only_what_is_surely_newer_is_accepted(version, known):
    if (
        kind_of(replace(ORDER, version=version), replace(TARGET, version=version or "x"), replace(FACTS, version=known))
        is None
    ):
        assert not known or versions.is_newer(version or "x", known)


ASSIGNMENT = Assignment(
    device="d", product="cam-1", number=7, expires=datetime(2030, 1, 1, tzinfo=timezone.utc), path="1.3.0/f", length=10,
    sha256="a" * 64,
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "floor", "kind"),
    [
        pytest.param({}, 0, None, id="for this device, about this image"),
        pytest.param({}, 7, None, id="the same number again"),
        pytest.param({}, 8, "replayed", id="an older number"),
        pytest.param({"device": "e"}, 0, "wrong-device", id="another device"),
        pytest.param({"product": "lock-1"}, 0, "wrong-device", id="another product"),
        pytest.param({"expires": datetime(2026, 1, 1, tzinfo=timezone.utc)}, 0, "expired", id="past its end"),
        pytest.param({"path": "1.2.0/f"}, 0, "tampered", id="another image"),
        pytest.param({"length": 11}, 0, "tampered", id="another length"),
        pytest.param({"sha256": "b" * 64}, 0, "tampered", id="another digest"),
    ],
)
def test_what_the_director_must_have_said(said, floor, kind):
    now = datetime(2026, 11, 2, tzinfo=timezone.utc)
    if kind is None:
        trust.check_assignment(replace(ASSIGNMENT, **said), ORDER, TARGET, FACTS, floor=floor, now=now)
        return
    with pytest.raises(Refusal) as refused:
        trust.check_assignment(replace(ASSIGNMENT, **said), ORDER, TARGET, FACTS, floor=floor, now=now)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda signed: signed.pop("assignment"), id="no assignment"),
        pytest.param(lambda signed: signed.update(assignment="x"), id="an assignment that is none"),
        pytest.param(lambda signed: signed["assignment"].pop("device"), id="no device"),
        pytest.param(lambda signed: signed["assignment"].update(device=7), id="a device that is a number"),
        pytest.param(lambda signed: signed.update(targets={}), id="no image"),
        pytest.param(lambda signed: signed["targets"]["1.0.0/f"].update(hashes={"md5": "x"}), id="no SHA-256"),
        pytest.param(
            lambda signed: signed["targets"].update({"1.0.1/f": signed["targets"]["1.0.0/f"]}), id="two images"
        ),
        pytest.param(lambda signed: signed.update(_type="snapshot"), id="metadata of another kind"),
    ],
)
def test_what_the_director_signed_must_say_everything(change):
    """Even a director's key cannot make a device stumble."""
    repo = Delegated()
    repo.add("1.0.0/f", b"x")
    assert trust.assignment_from(repo.assign("1.0.0/f"), repo.top).device == "cam-1-001"
    plain = json.loads(repo.assign("1.0.0/f"))["signed"]
    change(plain)
    try:
        content = repo.sign(Targets.from_dict(plain), ["director"])
    except (ValueError, KeyError, TypeError):
        content = json.dumps({"signed": plain, "signatures": []}).encode()
    with pytest.raises(Refusal, match="^unsigned: "):
        trust.assignment_from(content, repo.top)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_reading_of_an_assignment(content):
    with pytest.raises(Refusal, match="^unsigned: "):
        trust.assignment_from(content, TOP)


TOP = Delegated().top
