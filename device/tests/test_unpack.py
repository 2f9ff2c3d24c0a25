import io
import stat
import tarfile

import pytest

from careful_device.errors import SlotError
from careful_device.unpack import unpack


def member(name, kind=tarfile.REGTYPE, link="", content=b"", mode=0o644):
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mode = kind, link, len(content), mode
    return made, content


def archive(path, *members, mode="w:gz"):
    with tarfile.open(path, mode) as out:
        for made, content in members:
            out.addfile(made, io.BytesIO(content))
    return path


def test_files_folders_and_links_are_unpacked(tmp_path):
    image = archive(
        tmp_path / "i",
        member("usr", tarfile.DIRTYPE),
        member("usr/bin/run", content=b"#!", mode=0o4777),
        member("etc/plain", content=b"x", mode=0o000),
        member("bin", tarfile.SYMTYPE, "usr/bin"),
        member("usr/lib/up", tarfile.SYMTYPE, "../bin/run"),
        member("etc/same", tarfile.LNKTYPE, "etc/plain"),
        member("./etc/dotted", content=b"d"),
    )
    unpack(image, tmp_path / "o", most_bytes=1000)
    out = tmp_path / "o"
    assert (out / "bin" / "run").read_bytes() == b"#!"
    assert (out / "usr/lib/up").read_bytes() == b"#!"
    assert (out / "etc/same").stat().st_ino == (out / "etc/plain").stat().st_ino
    assert (out / "etc/dotted").read_bytes() == b"d"
    assert stat.S_IMODE((out / "usr/bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((out / "etc/plain").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_compressions(tmp_path, mode):
    unpack(archive(tmp_path / "i", member("a", content=b"x"), mode=mode), tmp_path / "o", most_bytes=10)
    assert (tmp_path / "o" / "a").read_bytes() == b"x"


def test_a_file_that_comes_twice_is_the_later_one(tmp_path):
    unpack(archive(tmp_path / "i", member("a", content=b"1"), member("a", content=b"2")), tmp_path / "o", most_bytes=10)
    assert (tmp_path / "o" / "a").read_bytes() == b"2"


LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([member("../evil", content=b"x")], id="a path upwards"),
        pytest.param([member("/evil", content=b"x")], id="an absolute path"),
        pytest.param([member("a/../../evil", content=b"x")], id="a path that turns upwards"),
        pytest.param([member("a", LINK, "/etc")], id="an absolute link"),
        pytest.param([member("a", LINK, "../x")], id="a link upwards"),
        pytest.param([member("s/l", LINK, ".."), member("m", LINK, "s/l/../x")], id="a link bent by another"),
        pytest.param([member("a", LINK, "b"), member("a/evil", content=b"x")], id="a file through a link"),
        pytest.param([member("a", HARD, "../x")], id="a hard link upwards"),
        pytest.param([member("b", LINK, "c"), member("a", HARD, "b")], id="a hard link to a link"),
        pytest.param([member("a", HARD, "none")], id="a hard link to nothing"),
        pytest.param([member("a", tarfile.CHRTYPE)], id="a device"),
        pytest.param([member("a", tarfile.FIFOTYPE)], id="a pipe"),
        pytest.param([member("a", content=b"x" * 1001)], id="too many bytes"),
        pytest.param([member("a", content=b"x" * 600), member("b", content=b"x" * 600)], id="too many bytes in all"),
        pytest.param([member(str(number)) for number in range(21)], id="too many files"),
        pytest.param([member("d", tarfile.DIRTYPE), member("d", LINK, "x")], id="a folder that becomes a link"),
    ],
)
def test_images_that_are_refused(tmp_path, members):
    image = archive(tmp_path / "i", *members)
    with pytest.raises(SlotError):
        unpack(image, tmp_path / "o", most_bytes=1000, most_files=20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["i", "o"]


@pytest.mark.parametrize("damage", [b"", b"no archive at all" * 100])
def test_what_is_no_archive(tmp_path, damage):
    (tmp_path / "i").write_bytes(damage)
    with pytest.raises(SlotError, match="cannot be unpacked"):
        unpack(tmp_path / "i", tmp_path / "o", most_bytes=1000)


def test_a_cut_archive_is_refused(tmp_path):
    whole = archive(tmp_path / "i", *(member(f"f{number}", content=bytes(range(256)) * 40) for number in range(20)))
    (tmp_path / "cut").write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(SlotError):
        unpack(tmp_path / "cut", tmp_path / "o", most_bytes=10**9)
