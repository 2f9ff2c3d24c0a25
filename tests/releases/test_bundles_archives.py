"""Archives from strangers: what they may hold, and how much of it is read."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.errors import CarefulError, Invalid, TooLarge
from careful.releases.bundles_archives import cpio, tar
from careful.releases.bundles_facts import MOST_ENTRIES


def made_cpio(*files, magic=b"070702", namesize=None, size=None):
    out = b""
    for number, (name, content) in enumerate([*files, (b"TRAILER!!!", b"")]):
        length = namesize or len(name) + 1
        fields = [number, 0o100644, 0, 0, 1, 0, len(content) if size is None else size, 0, 0, 0, 0, length, 0]
        out += magic + b"".join(b"%08X" % field for field in fields) + name + b"\0"
        out += b"\0" * (-len(out) % 4) + content
        out += b"\0" * (-len(out) % 4)
    return io.BytesIO(out)


def made_tar(*files, form=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    out.seek(0)
    return out


def listed(entries):
    return [(one.name, b"".join(one.blocks())) for one in entries]


FILES = (("sw-description", b"x"), ("a/b", b"123456"), ("empty", b""))


def test_cpio():
    assert listed(cpio(made_cpio(*((name.encode(), content) for name, content in FILES)))) == list(FILES)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar(form):
    more = (*FILES, ("long/" * 30 + "name", b"y")) if form != tarfile.USTAR_FORMAT else FILES
    assert listed(tar(made_tar(*more, form=form))) == list(more)


def test_entries_that_are_not_read_are_passed_over():
    assert [one.name for one in tar(made_tar(*FILES))] == [name for name, _ in FILES]
    assert [one.name for one in cpio(made_cpio((b"a", b"12345"), (b"b", b"")))] == ["a", "b"]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a\\..\\x", ".."])
def test_names_that_lead_outside_are_refused(name):
    with pytest.raises(Invalid, match="outside of itself"):
        listed(cpio(made_cpio((name.encode(), b"x"))))
    with pytest.raises(Invalid, match="outside of itself"):
        listed(tar(made_tar((name, b"x"))))


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(made_cpio((b"a", b"x"), size=0xFFFFFFFF), id="four gigabytes that are not there"),
        pytest.param(made_cpio((b"a", b"x"), namesize=0xFFFFFFFF), id="a name of four gigabytes"),
        pytest.param(made_cpio((b"a", b"x"), namesize=1), id="no name"),
        pytest.param(made_cpio((b"a", b"x"), magic=b"070707"), id="another kind"),
        pytest.param(io.BytesIO(b"070702" + b"+0000000" * 13), id="numbers that are none"),
        pytest.param(io.BytesIO(made_cpio((b"a", b"x")).getvalue()[:150]), id="no end"),
    ],
)
def test_a_cpio_that_lies(stream):
    with pytest.raises(Invalid):
        listed(cpio(stream))


def test_too_many_entries():
    with pytest.raises(TooLarge):
        listed(cpio(made_cpio(*((b"%d" % number, b"") for number in range(MOST_ENTRIES + 1)))))


def test_a_tar_whose_header_is_huge():
    header = bytearray(made_tar(("x", b"")).getvalue()[:512])
    header[156:157] = b"x"
    header[124:136] = b"%011o\0" % (1 << 30)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(TooLarge, match="too long"):
        listed(tar(io.BytesIO(bytes(header) + bytes(2000))))


def test_an_entry_is_not_read_beyond_what_was_allowed():
    with pytest.raises(TooLarge):
        next(iter(cpio(made_cpio((b"a", b"x" * 100))))).read(99)


@given(st.binary(max_size=2000))
def test_any_bytes_end_in_entries_or_in_words(content):
    for reader in (cpio, tar):
        try:
            listed(reader(io.BytesIO(content)))
        except CarefulError as refusal:
            assert refusal.what  # noqa: PT017 (both ends are right)


@given(st.integers(0, 600), st.binary(min_size=1, max_size=20))
def test_any_damage_ends_in_entries_or_in_words(place, damage):
    for stream, reader in (
        (made_cpio((b"sw-description", b"x" * 300)), cpio),
        (made_tar(("version", b"x" * 300)), tar),
    ):
        content = stream.getvalue()
        try:
            listed(reader(io.BytesIO(content[:place] + damage + content[place + len(damage) :])))
        except CarefulError as refusal:
            assert refusal.what  # noqa: PT017 (both ends are right)
