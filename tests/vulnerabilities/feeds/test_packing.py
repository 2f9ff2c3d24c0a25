"""Files and archives of a feed: every packing, every limit, and one that is damaged among others that are not."""

import io
import json
import os
import struct
import tarfile
import zipfile

import pytest

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities.feeds import packing as module
from careful.vulnerabilities.feeds.packing import contents, shown


@pytest.fixture
def given(tmp_path):
    def write(name, content):
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def zipped(*files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(mode, *files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def read(path):
    return [(one.name, one.content, one.wrong) for one in contents(path)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("all.zip", zipped(("a.json", b"[1]"), ("readme.txt", b"none")), id="zip"),
        pytest.param("all.tar", tarred("w", ("a.json", b"[1]"), ("readme.txt", b"none")), id="tar"),
        pytest.param("all.tar.gz", tarred("w:gz", ("a.json", b"[1]")), id="tar and gzip"),
        pytest.param("all.tgz", tarred("w:gz", ("a.json", b"[1]")), id="tgz"),
        pytest.param("all.tar.xz", tarred("w:xz", ("a.json", b"[1]")), id="tar and xz"),
        pytest.param("all.tar.bz2", tarred("w:bz2", ("a.json", b"[1]")), id="tar and bzip2"),
        pytest.param("all.tar.gz", tarred("w", ("a.json", b"[1]")), id="unpacked on the way"),
    ],
)
def test_archives(given, name, content):
    path = given(name, content)
    assert read(path) == [("a.json", b"[1]", "")]
    assert read(path.parent) == [(f"{name}/a.json", b"[1]", "")]


def test_a_zip_in_a_folder_and_a_zip_in_it(given):
    """As the CVE list comes: a zip that holds a zip; one more level is no feed."""
    deepest = zipped(("no.zip", zipped(("a.json", b"[1]"))))
    folder = given("all.zip", zipped(("cves.zip", zipped(("cves/a.json", b"[1]"))))).parent
    given("deep.zip", deepest)
    given("deeper.zip", zipped(("one.zip", deepest)))
    assert [(name, content) for name, content, _ in read(folder)] == [
        ("all.zip/cves/a.json", b"[1]"),
        ("deep.zip/a.json", b"[1]"),
    ]


LIST = json.dumps([{"id": str(number)} for number in range(5000)]).encode()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        pytest.param("bad.zip", b"PK no zip", "no readable zip", id="no zip"),
        pytest.param("bad.zip", zipped(("a.json", LIST))[:-30], "no readable zip", id="a zip cut off"),
        pytest.param("bad.zip", zipped(("a.json", bytes(2 << 20))), "a zip bomb", id="a zip bomb"),
        pytest.param("bad.zip", zipped(("b.zip", zipped(("a.json", bytes(2 << 20))))), "a zip bomb", id="in a zip"),
        pytest.param("bad.tar", b"no tar", "no readable tar", id="no tar"),
        pytest.param("bad.tar.gz", tarred("w:gz", ("a.json", LIST))[:-40], "no readable tar", id="a tar cut off"),
        pytest.param("bad.tar.gz", tarred("w:gz", ("a.json", bytes(8 << 20))), "a bomb", id="a tar bomb"),
        pytest.param("bad.tar.xz", tarred("w:xz", ("a.txt", bytes(8 << 20))), "a bomb", id="in what is passed over"),
    ],
)
def test_one_that_is_damaged_does_not_cost_the_others(given, name, content, why):
    folder = given(name, content).parent
    given("a.json", b"[0]")
    given("z.json", b"[9]")
    first, *others, last = read(folder)
    assert (first, last) == (("a.json", b"[0]", ""), ("z.json", b"[9]", ""))
    assert (others[-1][0], why in others[-1][2]) == (name, True)


def test_what_came_before_the_damage_is_read(given):
    whole = tarred("w", ("1.json", b"[1]"), ("2.json", LIST))
    (first, second) = read(given("bad.tar", whole[:-20_000]).parent)
    assert (first[:2], second[0]) == (("bad.tar/1.json", b"[1]"), "bad.tar")


def test_the_one_file_that_was_named_is_refused(given, tmp_path):
    with pytest.raises(TooLarge, match="zip bomb, and nothing was taken in"):
        read(given("one.zip", zipped(("zeros.json", bytes(2 << 20)))))
    with pytest.raises(Invalid, match="no readable zip"):
        read(given("two.zip", b"PK no zip"))
    with pytest.raises(Invalid, match="is not there"):
        read(tmp_path / "none.json")


def test_a_zip_whose_list_of_names_would_fill_the_memory(given, monkeypatch):
    monkeypatch.setattr(module, "DIRECTORY_BYTES", 1_000)
    content = zipped(*((f"{number:04}.json", b"1") for number in range(100)))
    (one,) = read(given("many.zip", content).parent)
    assert "its list of names takes" in one[2]
    end = content.rindex(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 100, 100, 7_000, 0)
    located = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (one,) = read(given("many.zip", content[:end] + large + located + closing).parent)
    assert "its list of names takes 7,000 bytes" in one[2]


def test_a_file_that_is_too_large_is_refused_and_the_rest_is_read(given, monkeypatch):
    monkeypatch.setattr(module, "FILE_BYTES", 10)
    folder = given("a.json", b"x" * 11).parent
    given("b.json", b"[1]")
    given("c.zip", zipped(("c.json", b"x" * 11)))
    assert [(name, "split it" in wrong) for name, _, wrong in read(folder)] == [
        ("a.json", True),
        ("b.json", False),
        ("c.zip", True),
    ]


@pytest.mark.parametrize(("limit", "most"), [("FILES", 2), ("TOTAL_BYTES", 8)])
def test_a_feed_that_is_too_large_is_refused_as_a_whole(given, monkeypatch, limit, most):
    monkeypatch.setattr(module, limit, most)
    folder = given("a.json", b"[1]").parent
    given("b.zip", zipped(("b.json", b"[2]"), ("c.json", b"[3]")))
    with pytest.raises(TooLarge, match="Split it"):
        read(folder)


def test_names_in_archives_are_only_shown(given):
    """A path that leads out of the folder, and signs that a terminal obeys."""
    hostile = ("../../etc/x.json", b"[1]"), ("/etc/y.json", b"[2]"), ("\x1b[2Jz\u202e.json", b"[3]")
    assert [name for name, *_ in read(given("all.zip", zipped(*hostile)))] == [
        "../../etc/x.json",
        "/etc/y.json",
        "?[2Jz?.json",
    ]
    assert [one.name for one in given("b.json", b"1").parent.iterdir() if one.suffix == ".json"] == ["b.json"]
    assert shown("a" * 300) == "a" * 200


def test_links_in_a_tar_lead_nowhere(given):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("a.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    assert read(given("all.tar", packed.getvalue())) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(given):
    path = given("a.json", b"[1]")
    path.chmod(0)
    assert "cannot be read" in read(path.parent)[0][2]
