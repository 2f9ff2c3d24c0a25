"""Mender artifacts that bloat, lie or lack something; good ones are in test_bundles.py."""

import gzip
import hashlib
import io
import json
import lzma
import tarfile

import pytest
import zstandard

from careful.kernel.errors import Invalid, TooLarge
from careful.releases.bundles_mender import read, unpacked


def made(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


INFO = {
    "payloads": [{"type": "rootfs-image"}],
    "artifact_provides": {"artifact_name": "camera-1.0.1"},
    "artifact_depends": {"device_type": ["rev-a"]},
}


def artifact(number=3, info=INFO, header=None, **change):
    said = json.dumps({"format": "mender", "version": number}).encode()
    packed = gzip.compress(made({"header-info": json.dumps(info).encode()})) if header is None else header
    listed = {"version": said, "header.tar.gz": packed}
    manifest = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in listed.items())
    manifest += f"{'0' * 64}  data/0000/rootfs.ext4\n"
    files = {
        "version": said,
        "manifest": manifest.encode(),
        "header.tar.gz": packed,
        "data/0000.tar.gz": b"x",
        **change,
    }
    return io.BytesIO(made({name: content for name, content in files.items() if content is not None}))


def test_a_whole_one():
    found = read(artifact(), ())
    assert (found.version, found.names, found.payloads[0].kind) == ("camera-1.0.1", ("rev-a",), "rootfs-image")


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(artifact(number=1), id="an old version"),
        pytest.param(artifact(number=None), id="no version"),
        pytest.param(artifact(manifest=None), id="no manifest"),
        pytest.param(artifact(manifest=b"x"), id="another manifest"),
        pytest.param(artifact(**{"header.tar.gz": b"x"}), id="another header"),
        pytest.param(artifact(header=b"no gzip"), id="a damaged header"),
        pytest.param(artifact(version=b"{"), id="no JSON"),
    ],
)
def test_what_is_refused(stream):
    with pytest.raises(Invalid):
        read(stream, ())


@pytest.mark.parametrize("info", [{}, [], "x", {"payloads": 5}, {"artifact_depends": {"device_type": {"a": 1}}}])
def test_strange_words_are_no_crash(info):
    try:
        read(artifact(info=info), ())
    except Invalid as refusal:
        assert refusal.what  # noqa: PT017 (both ends are right)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("x.gz", gzip.compress), ("x.xz", lzma.compress), ("x.zst", zstandard.compress), ("x.tar", bytes)],
)
def test_a_bomb_is_not_unpacked(name, pack):
    bomb = pack(bytes(1 << 20))
    with pytest.raises(TooLarge, match="unpacks to more"):
        unpacked(bomb, name, most=100_000)
    assert unpacked(bomb, name, most=1 << 20) == bytes(1 << 20)


def test_a_header_that_bloats_is_refused():
    with pytest.raises(TooLarge):
        read(artifact(header=gzip.compress(bytes(20 << 20))), ())
