"""Bundles from the real tools, read when they are handed in and held against the release."""

import gzip
import json

import bundle_makers as tools
import pytest

from careful import releases
from careful.kernel.errors import Invalid, Refused
from careful.releases import bundles
from careful.releases.bundles_facts import Bundle, Signer
from careful.releases.policy import Policy, Trusted, read

NOBODY = Policy()


def trusting(*paths):
    listed = ", ".join(f'"{path}"' for path in paths)
    return read(f"[bundles]\nsigners = [{listed}]\n".encode(), lambda name: open(name).read())  # noqa: PTH123 (a test's own)


@pytest.mark.parametrize("kind", ["rsa:2048", "ec"])
def test_swupdate(tmp_path, kind):
    path = tools.swu(tmp_path, kind=kind)
    found = bundles.read(path, path.name, NOBODY)
    assert (found.format, found.version, found.names, found.signed) == ("swu", "1.0.1", ("rev-a",), True)
    assert found.signers[0].subject == "signer"
    assert [(one.name, one.kind, one.matches) for one in found.payloads] == [("rootfs.ext4", "raw", True)]
    assert found.more == {"description": "Acme camera"}
    assert Bundle.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_swupdate_signed_by_a_bare_key(tmp_path):
    path = tools.swu(tmp_path, sign="rsa")
    unknown = bundles.read(path, path.name, NOBODY)
    assert unknown.signers == ()
    assert "by whom is not known" in unknown.remarks[0]
    known = bundles.read(path, path.name, trusting(tmp_path / "signer.pem"))
    assert len(known.signers) == 1


def test_swupdate_without_a_signature(tmp_path):
    path = tools.swu(tmp_path, sign="")
    assert not bundles.read(path, path.name, NOBODY).signed


def test_swupdate_in_json(tmp_path):
    said = {
        "software": {
            "version": "1.0.1",
            "hardware-compatibility": ["rev-a", "#RE:^rev-.*$"],
            "images": [{"filename": "rootfs.ext4"}],
        }
    }
    path = tools.swu(tmp_path, description=json.dumps(said))
    found = bundles.read(path, path.name, NOBODY)
    assert found.names == ("rev-a", "#RE:^rev-.*$")
    assert "pattern" in found.remarks[0]
    bundles.must_fit(found, "1.0.1", ("rev-a",), NOBODY)


def test_rauc(tmp_path):
    path = tools.raucb(tmp_path)
    found = bundles.read(path, "whatever.img", NOBODY)  # known by its content
    assert (found.format, found.version, found.names) == ("raucb", "1.0.1", ("rev-a",))
    assert found.signers[0].subject == "signer"
    assert [one.name for one in found.payloads] == ["rootfs.ext4"]
    assert len(found.payloads[0].sha256) == 64
    assert found.more["description"] == "Acme camera"


def test_rauc_of_the_old_format_is_refused(tmp_path):
    path = tools.raucb(tmp_path, form="plain")
    with pytest.raises(Refused, match="format `plain`"):
        bundles.read(path, path.name, NOBODY)


@pytest.mark.parametrize("packing", [(), ("--compression", "lzma"), ("--compression", "none")])
def test_mender(tmp_path, packing):
    path = tools.mender(tmp_path, "1.0.1", "rev-a")
    found = bundles.read(path, path.name, NOBODY)
    assert (found.format, found.version, found.names, found.signed) == ("mender", "camera-1.0.1", ("rev-a",), False)
    assert [(one.name, one.kind) for one in found.payloads] == [("0000/rootfs.ext4", "rootfs-image")]
    bundles.must_fit(found, "1.0.1", ("rev-a",), NOBODY)


def test_mender_signed(tmp_path):
    certificate, key = tools.signer(tmp_path)
    path = tools.mender(tmp_path, key=key)
    assert "by whom is not known" in bundles.read(path, path.name, NOBODY).remarks[0]
    policy = trusting(certificate)
    found = bundles.read(path, path.name, policy)
    assert [one.sha256 for one in found.signers] == [policy.signers[0].sha256]
    bundles.must_fit(found, "1.0.1", ("rev-a",), policy)


def test_an_image_is_no_bundle(tmp_path):
    path = tmp_path / "a.img"
    path.write_bytes(b"hsqs" + bytes(10_000))
    assert bundles.read(path, path.name, NOBODY) is None


@pytest.mark.parametrize("name", ["a.swu", "a.raucb", "a.mender"])
@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 2000, bytes(range(256)) * 40])
def test_what_is_called_a_bundle_and_is_none(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid):
        bundles.read(path, name, NOBODY)


@pytest.mark.parametrize("make", [tools.swu, tools.raucb, tools.mender])
def test_a_bundle_that_was_cut_short(tmp_path, make):
    path = make(tmp_path)
    content = path.read_bytes()
    for kept in (10, 100, 3000, len(content) * 2 // 5):
        path.write_bytes(content[:kept])
        with pytest.raises(Invalid):
            bundles.read(path, path.name, NOBODY)


def test_one_changed_byte_is_found(tmp_path):
    path = tools.swu(tmp_path)
    content = path.read_bytes()
    for old, new in ((b"1.0.1", b"1.0.2"), (b"a root", b"a toor")):
        path.write_bytes(content.replace(old, new, 1))
        with pytest.raises(Invalid):
            bundles.read(path, path.name, NOBODY)
    path = tools.raucb(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"version=1.0.1", b"version=1.0.2"))
    with pytest.raises(Invalid, match="No signature on the bundle is good"):
        bundles.read(path, path.name, NOBODY)
    path = tools.mender(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"version":3', b'"version":2'))
    with pytest.raises(Invalid):
        bundles.read(path, path.name, NOBODY)


SIGNED = Bundle(format="swu", version="1.0.1", names=("rev-a",), signed=True, signers=(Signer("a" * 64, "ann"),))


@pytest.mark.parametrize(
    ("bundle", "version", "hardware", "policy", "where"),
    [
        pytest.param(SIGNED, "1.0.1", ("rev-a", "rev-b"), NOBODY, "", id="fits"),
        pytest.param(SIGNED, "1.0.2", ("rev-a",), NOBODY, "version", id="another version"),
        pytest.param(SIGNED, "1.0.1", ("rev-b",), NOBODY, "hardware", id="other hardware"),
        pytest.param(SIGNED, "1.0.1", ("rev-b",), Policy(names=("rev-a",)), "", id="hardware that the policy names"),
        pytest.param(SIGNED, "1.0.1", ("rev-a",), Policy(signers=(Trusted("", "", "a" * 64),)), "", id="its signer"),
        pytest.param(
            SIGNED, "1.0.1", ("rev-a",), Policy(signers=(Trusted("", "", "b" * 64),)), "signer", id="not its signer"
        ),
        pytest.param(
            Bundle(format="swu", version="", names=(), signed=False), "1.0.1", ("rev-a",), NOBODY, "", id="says nothing"
        ),
        pytest.param(
            Bundle(format="swu", version="", names=(), signed=False),
            "1",
            (),
            Policy(signers=(Trusted("", "", "b" * 64),)),
            "signer",
            id="signed by nobody",
        ),
        pytest.param(
            Bundle(format="mender", version="camera-11.0.1", names=(), signed=False),
            "1.0.1",
            (),
            NOBODY,
            "version",
            id="the end of another version",
        ),
        pytest.param(
            Bundle(format="mender", version="x", names=(), signed=False, more={"rootfs-image.version": "1.0.1"}),
            "1.0.1",
            (),
            NOBODY,
            "",
            id="a version among what it provides",
        ),
    ],
)
def test_a_bundle_must_say_what_the_release_says(bundle, version, hardware, policy, where):
    if not where:
        bundles.must_fit(bundle, version, hardware, policy)
        return
    with pytest.raises(Refused, match=where):
        bundles.must_fit(bundle, version, hardware, policy)


def test_a_release_is_taken_with_what_its_bundle_says(world, staff, camera, bom, tmp_path):
    path = tools.swu(tmp_path)
    added = releases.add(world, staff, camera, "1.0.1", path, bom(), ("rev-a",))
    assert added.bundle.version == "1.0.1"
    assert releases.bundle_of(world, added.release.id) == added.bundle


@pytest.mark.parametrize(("version", "hardware"), [("1.0.2", ("rev-a",)), ("1.0.1", ("rev-b",))])
def test_a_release_that_differs_from_its_bundle_is_refused(world, staff, camera, bom, tmp_path, version, hardware):
    with pytest.raises(Refused, match="does not fit"):
        releases.add(world, staff, camera, version, tools.swu(tmp_path), bom(), hardware)
    assert releases.list_for(world) == []


def test_a_bundle_of_a_stranger_is_refused(world, staff, camera, bom, tmp_path):
    own, _ = tools.signer(tmp_path, "own")
    releases.set_policy(world, staff, camera, b'[bundles]\nsigners = ["own"]\n', lambda _: own.read_text())
    with pytest.raises(Refused, match="signer"):
        releases.add(world, staff, camera, "1.0.1", tools.swu(tmp_path, name="thief"), bom(), ("rev-a",))
    assert releases.add(world, staff, camera, "1.0.1", tools.swu(tmp_path, name="own"), bom(), ("rev-a",)).new


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        pytest.param(b"hsqs" + bytes(16) + b"\4\0" + bytes(99), "squashfs packed by xz", id="squashfs, xz"),
        pytest.param(b"hsqs" + bytes(16) + b"\0\0" + bytes(99), "", id="squashfs, not packed"),
        pytest.param(gzip.compress(b"x"), "packed by gzip", id="gzip"),
        pytest.param(b"\xfd7zXZ\0" + bytes(99), "packed by xz", id="xz"),
        pytest.param(b"plain", "", id="plain"),
    ],
)
def test_compression_that_defeats_deltas_is_said(world, staff, camera, bom, tmp_path, content, advice):
    (tmp_path / "a.img").write_bytes(content)
    added = releases.add(world, staff, camera, "1.0.1", tmp_path / "a.img", bom(), ("rev-a",))
    assert advice in added.advice
    assert bool(added.advice) == bool(advice)
