"""Compressed files and archives are unpacked in memory, within limits, whatever they say of themselves."""

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import CarefulError, Invalid, Refused, TooLarge
from careful.releases import archives

FILES = {"b/two.spdx": b"2", "../one.json": b"1", "notes.txt": b"no SBOM"}
INSIDE = [("b/two.spdx", b"2"), ("../one.json", b"1")]


def zipped(files=FILES):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files=FILES):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "files"),
    [
        pytest.param(gzip.compress(b"{}"), [("", b"{}")], id="gzip"),
        pytest.param(zstandard.compress(b"{}"), [("", b"{}")], id="Zstandard"),
        pytest.param(zstandard.compress(b"{") + zstandard.compress(b"}"), [("", b"{}")], id="Zstandard in two frames"),
        pytest.param(bz2.compress(b"{}"), [("", b"{}")], id="bzip2"),
        pytest.param(lzma.compress(b"{}"), [("", b"{}")], id="xz"),
        pytest.param(lzma.compress(tarred()), INSIDE, id="tar.xz"),
        pytest.param(zipped(), INSIDE, id="zip"),
        pytest.param(tarred(), INSIDE, id="tar, without its link"),
        pytest.param(zstandard.compress(tarred()), INSIDE, id="tar.zst, as Yocto writes it"),
        pytest.param(gzip.compress(tarred()), INSIDE, id="tar.gz"),
    ],
)
def test_what_is_inside(content, files):
    assert archives.packed(content)
    assert archives.unpack(content) == files


@pytest.mark.parametrize("content", [b"", b"{}", b"<bom/>", b"SPDXVersion: SPDX-2.3"])
def test_plain_files_are_not_packed(content):
    assert not archives.packed(content)


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        pytest.param(gzip.compress(b"{}" * 1000)[:-9], Invalid, "broken", id="gzip, cut off"),
        pytest.param(zstandard.compress(b"{}" * 1000)[:4], Invalid, "cut off", id="Zstandard, only its sign"),
        pytest.param(zstandard.compress(b"{}" * 1000)[:-1], Invalid, "cut off", id="Zstandard, cut off"),
        pytest.param(zstandard.compress(b"{}") + b"more", Invalid, "broken", id="Zstandard, more after it"),
        pytest.param(zipped()[:40], Invalid, "broken", id="zip, cut off"),
        pytest.param(tarred()[:300], Invalid, "cut off", id="tar, cut off"),
        pytest.param(tarred()[:1024], Invalid, "cut off", id="tar, cut off after its first file"),
        pytest.param(zipped({"a.txt": b"x"}), Invalid, "holds no SBOM", id="nothing of use"),
    ],
)
def test_what_is_broken_is_refused(content, kind, says):
    with pytest.raises(kind, match=says):
        archives.unpack(content)


def test_an_encrypted_archive_is_refused():
    content = bytearray(zipped({"a.json": b"x"}))
    content[6] |= 1  # the flag of the file itself
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and that in the directory
    with pytest.raises(Refused, match="encrypted"):
        archives.unpack(bytes(content))


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(zstandard.compress, id="Zstandard"),
        pytest.param(lambda content: zipped({"a.json": content}), id="zip"),
        pytest.param(lambda content: zipped({"a.json": content[:600], "b.json": content[:600]}), id="zip, in pieces"),
    ],
)
def test_what_grows_beyond_the_limit_is_refused(monkeypatch, pack):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1000)
    with pytest.raises(TooLarge, match="Unpacked"):
        archives.unpack(pack(b"0" * 1001))


def test_the_number_of_files_has_an_end(monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    with pytest.raises(TooLarge, match="2 files"):
        archives.unpack(zipped({f"{at}.json": b"" for at in range(3)}))


@given(st.binary(max_size=100), st.sampled_from([gzip.compress(b"{}"), zstandard.compress(b"{}"), zipped(), tarred()]))
def test_any_damage_is_refused_in_our_words(noise, content):
    damaged = content[:20] + noise + content[20 + len(noise) :]
    with contextlib.suppress(CarefulError):  # any other error fails the test
        archives.unpack(damaged)


def zipped_by(method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.json", b"{}")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"7z\xbc\xaf\x27\x1c", "7-Zip", id="7-Zip"),
        pytest.param(b"Rar!\x1a\x07\x01\x00", "RAR", id="RAR"),
        pytest.param(b"\x04\x22\x4d\x18", "LZ4", id="LZ4"),
        pytest.param(gzip.compress(gzip.compress(b"{}")), "packed twice", id="packed twice"),
        pytest.param(zipped_by(zipfile.ZIP_BZIP2), "packed in a way", id="bzip2 in a zip, which unpacks at once"),
        pytest.param(zipped_by(zipfile.ZIP_LZMA), "packed in a way", id="LZMA in a zip"),
    ],
)
def test_other_ways_of_packing_are_refused_by_name(content, says):
    with pytest.raises(Refused, match=says):
        archives.packed(content)
        archives.unpack(content)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress, bz2.compress, lzma.compress])
def test_bombs_of_every_kind(monkeypatch, compress):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(TooLarge, match="1 MiB"):
        archives.unpack(compress(bytes(64 << 20)))


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress, bz2.compress, lzma.compress])
def test_a_file_of_many_pieces(monkeypatch, compress):
    """Each piece costs time however small it is."""
    monkeypatch.setattr(archives, "MOST_FRAMES", 3)
    assert archives.unpack(compress(b"1") * 3) == [("", b"111")]
    with pytest.raises(TooLarge, match="3 pieces"):
        archives.unpack(compress(b"") * 4)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress, bz2.compress, lzma.compress])
def test_what_is_cut_off_or_followed_by_something(compress):
    whole = compress(b"{}" * 5000)
    for broken in (whole[:-3], whole + b"more"):
        with pytest.raises(Invalid, match="broken"):
            archives.unpack(broken)
    assert archives.unpack(whole + bytes(16)) == [("", b"{}" * 5000)]  # padding


def test_a_window_as_large_as_memory_is_refused():
    content = lzma.compress(b"{}", filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 << 20}])
    with pytest.raises(Invalid, match="limit"):
        archives.unpack(content)


def test_an_empty_zip():
    with pytest.raises(Invalid, match="holds no SBOM"):
        archives.unpack(zipped({}))
