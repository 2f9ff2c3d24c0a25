"""Updates by delta: through the whole agent, with everything that can be wrong with a delta, and with the power cut."""

import hashlib
import io
import lzma
import os
import random
import signal
import subprocess
import sys
import tarfile

import detools
import pytest

from careful_device import delta as deltas
from careful_device.errors import WireError
from careful_device.model import Delta, Target


def image(version, seed=1):
    """A plain tar of some size: the same files from version to version, but one."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        files = {
            "etc/os-release": f"VERSION_ID={version}\n".encode(),
            "usr/lib/big": random.Random(seed).randbytes(300_000),  # noqa: S311 (bytes to compare, no secret)
        }
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def patch_between(old, new):
    out = io.BytesIO()
    detools.create_patch(io.BytesIO(old), io.BytesIO(new), out, compression="lzma")
    return out.getvalue()


def hungry(shop):
    """The right patch, packed so that unpacking it takes 64 MB."""
    packed = patch_between(shop.old, shop.new)
    at = next(place for place in range(1, 12) if not packed[place] & 0x80) + 1
    plain = lzma.decompress(packed[at:], format=lzma.FORMAT_ALONE)
    wide = [{"id": lzma.FILTER_LZMA1, "dict_size": 64 << 20}]
    return packed[:at] + lzma.compress(plain, format=lzma.FORMAT_ALONE, filters=wide)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def custom(old, new, **change):
    ends = {
        "format": deltas.FORMAT,
        "from": {"sha256": digest(old), "length": len(old)},
        "to": {"sha256": digest(new), "length": len(new)},
    }
    return {"delta": {**ends, **change}}


@pytest.fixture
def shop(maker, device):
    """The maker, whose device runs 1.0.0 and is offered 1.0.1 with a delta."""
    old, new = image("1.0.0"), image("1.0.1")
    maker.release("1.0.0", old)
    maker.order("1.0.0")
    device.settle()

    def offer(patch=None, said=None, sign=True):
        content = patch_between(old, new) if patch is None else patch
        path = "1.0.1/from-x.lzma.delta"
        maker.release("1.0.1", new)
        if sign:
            maker.repository.add(path, content)
            maker.repository.targets.targets[path].unrecognized_fields["custom"] = said or custom(old, new)
            maker.repository.targets.version += 1
            maker.repository.snapshot.meta["targets.json"].version += 1
            maker.repository.snapshot.version += 1
            maker.repository.timestamp.snapshot_meta.version += 1
            maker.repository.timestamp.version += 1
            maker.repository.publish()
        maker.blobs["the.delta"] = content
        maker.order("1.0.1")
        maker.orders[-1]["deployment"]["chunks"][0]["metadata"] += [
            {"key": "delta-target-path", "value": path},
            {"key": "delta-href", "value": f"{maker.url}/blob/the.delta"},
        ]
        maker.requests.clear()

    maker.old, maker.new, maker.offer_delta = old, new, offer
    return maker


def fetched(maker):
    return [path.removeprefix("/blob/") for _verb, path, _range in maker.requests if path.startswith("/blob/")]


FULL = "1.0.1/cam-1-1.0.1.tar.gz"


def test_a_delta_is_fetched_in_place_of_the_image(shop, device, home):
    shop.offer_delta()
    device.ask()
    assert shop.finals()[-1][1:] == ("success", "running 1.0.1")
    assert fetched(shop) == ["the.delta"]
    assert any(one[3] == "delta applied: 1.0.1/from-x.lzma.delta" for one in shop.told)
    assert len(shop.blobs["the.delta"]) < len(shop.new) / 100
    assert [path.name for path in (home / "images").iterdir()] == [digest(shop.new)]
    assert not (home / "deltas").exists()


def test_both_are_looked_up_in_one_refresh(shop, device):
    shop.offer_delta()
    device.ask()
    assert sum(path.endswith("timestamp.json") for _verb, path, _ranged in shop.requests) == 1


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        pytest.param(
            lambda shop, _home: shop.offer_delta(patch=b"\x01nonsense" * 30), "apply", id="the patch is nonsense"
        ),
        pytest.param(lambda shop, _home: shop.offer_delta(sign=False), "", id="the patch is not signed"),
        pytest.param(
            lambda shop, _home: (
                shop.offer_delta(),
                shop.blobs.update({"the.delta": b"!" * len(shop.blobs["the.delta"])}),
            ),
            "tampered",
            id="other bytes than were signed",
        ),
        pytest.param(
            lambda shop, _home: (shop.offer_delta(), shop.blobs.pop("the.delta")), "other", id="the patch is gone"
        ),
        pytest.param(
            lambda shop, _home: shop.offer_delta(said=custom(shop.old, shop.old)), "", id="it leads to another image"
        ),
        pytest.param(
            lambda shop, _home: shop.offer_delta(said=custom(shop.new, shop.new)), "", id="it leads from another image"
        ),
        pytest.param(
            lambda shop, _home: shop.offer_delta(patch=patch_between(shop.old, shop.old[:-1] + b"!")),
            "apply",
            id="its result is not what it claims",
        ),
        pytest.param(
            lambda shop, _home: shop.offer_delta(
                said=custom(shop.old, shop.new, format="detools-sequential-heatshrink")
            ),
            "",
            id="a format for smaller devices",
        ),
        pytest.param(
            lambda shop, home: (
                shop.offer_delta(),
                (home / "images" / digest(shop.old)).write_bytes(b"x" * len(shop.old)),
            ),
            "source",
            id="the image in use was damaged",
        ),
        pytest.param(
            lambda shop, home: (shop.offer_delta(), (home / "images" / digest(shop.old)).unlink()),
            "",
            id="the image in use was not kept",
        ),
        pytest.param(
            lambda shop, home: (shop.offer_delta(), (home / "images").rename(home / "elsewhere")),
            "",
            id="no image was kept",
        ),
        pytest.param(lambda shop, _home: shop.offer_delta(patch=hungry(shop)), "memory", id="it takes too much memory"),
    ],
)
def test_whatever_is_wrong_with_a_delta_the_full_image_arrives(shop, device, home, spoil, kind):
    spoil(shop, home)
    device.ask()
    told = [detail for _action, _execution, _finished, detail in shop.told if detail.startswith("delta ")]
    assert [one.partition(": 1.0.1/from-x.lzma.delta: ")[0] for one in told] == (
        [f"delta failed: {kind}"] if kind else []
    )
    assert shop.finals()[-1][1:] == ("success", "running 1.0.1")
    assert fetched(shop)[-1] == FULL
    polls = sum("deploymentBase/" in path and verb == "GET" for verb, path, _ranged in shop.requests)
    assert polls == 1  # without asking the server again


def test_a_delta_that_broke_off_goes_on_where_it_was(shop, device):
    shop.offer_delta()
    shop.cut_after = 40
    device.ask()
    assert shop.finals()[-1][1:] == ("success", "running 1.0.1")
    asked = [ranged for _verb, path, ranged in shop.requests if path.endswith("the.delta")]
    assert asked == [None, "bytes=40-"]


def test_no_deltas_where_the_maker_wants_none(shop, device, home):
    shop.offer_delta()
    with (home / "config.toml").open("a") as config:
        config.write('\n[updates]\nsource = "none"\n')
    device.on()
    device.ask()
    assert fetched(shop) == [FULL]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "nothing"),
        ({"delta": "x"}, "no table"),
        ({"delta": {"format": deltas.FORMAT}}, "no ends"),
        (custom(b"a", b"b", **{"from": {"sha256": "x" * 64, "length": 1}}), "no digest"),
        (custom(b"a", b"b", to={"sha256": "a" * 64, "length": -1}), "a negative length"),
        (custom(b"a", b"b", to={"sha256": "a" * 64, "length": True}), "no length"),
    ],
)
def test_an_incomplete_description_is_no_delta(said, why):
    assert deltas.delta_from("p", "https://x/y", 5, {"sha256": "a" * 64}, said) is None, why


KILLED = """
import os, signal, sys
from pathlib import Path
from careful_device import delta as deltas, files
from careful_device.model import Delta, Target
home, at = Path(sys.argv[1]), int(sys.argv[2])
count = 0
def counted(act):
    def acts(*given):
        global count
        count += 1
        if count > at:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*given)
    return acts
deltas._Hashing.write = counted(deltas._Hashing.write)
os.fsync, Path.replace, files.remove = counted(os.fsync), counted(Path.replace), counted(files.remove)
delta, target = Delta(**eval(sys.argv[3])), Target(**eval(sys.argv[4]))
print(deltas.build(None, delta, target, home / "source", home))
"""


def test_the_power_is_cut_at_every_point_while_applying(tmp_path):
    """A real process is killed at its n-th act (write, flush, rename), for every n; then it goes on to the end."""
    old, new = image("1.0.0"), image("1.0.1", seed=1) + os.urandom(100_000)
    patch = patch_between(old, new)
    delta = {
        "path": "p", "href": "https://nowhere.invalid/x", "length": len(patch), "sha256": digest(patch),
        "source": digest(old), "source_length": len(old), "result": digest(new), "result_length": len(new),
    }  # fmt: skip
    target = {
        "path": "t", "length": len(new), "sha256": digest(new), "product": "p", "hardware": (), "version": "1",
        "security_version": 1,
    }  # fmt: skip
    deaths = 0
    for at in range(60):
        home = tmp_path / f"home-{at}"
        (home / "deltas").mkdir(parents=True)
        (home / "source").write_bytes(old)
        (home / "deltas" / digest(patch)).write_bytes(patch)
        arguments = [str(home), str(at), repr(delta), repr(target)]
        done = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False)
        whole = home / "downloads" / digest(new)
        assert not whole.exists() or whole.read_bytes() == new  # what has the name has the bytes
        assert (home / "source").read_bytes() == old
        if done.returncode == 0:
            assert done.stdout.strip() in {"", "delta applied: p"}
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        deaths += 1
        if not (home / "deltas" / digest(patch)).exists():  # as a download would bring it back
            (home / "deltas").mkdir(exist_ok=True)
            (home / "deltas" / digest(patch)).write_bytes(patch)
        assert deltas.build(None, Delta(**delta), Target(**target), home / "source", home) in {"", "delta applied: p"}
        assert whole.read_bytes() == new
        assert [path.name for path in (home / "downloads").iterdir()] == [digest(new)]
    assert deaths > 10


def test_a_broken_network_is_told_apart_from_a_broken_delta(shop, device, tmp_path):
    shop.offer_delta()
    delta = Delta(
        path="p", href="https://127.0.0.1:1/x", length=10, sha256="a" * 64, source=digest(shop.old),
        source_length=len(shop.old), result=digest(shop.new), result_length=len(shop.new),
    )  # fmt: skip
    target = Target(
        path="t",
        length=len(shop.new),
        sha256=digest(shop.new),
        product="p",
        hardware=(),
        version="1",
        security_version=1,
    )
    source = tmp_path / "device" / "images" / digest(shop.old)
    with pytest.raises(WireError):
        deltas.build(device.agent.client, delta, target, source, tmp_path / "device")
