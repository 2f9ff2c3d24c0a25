"""Deltas as detools makes them, applied by us; and what is no such delta."""

import hashlib
import io
import lzma
import random
import subprocess
import sys

import detools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful_device.patch import MEMORY, PatchError, add_bytes, apply


def made(old, new, **more):
    out = io.BytesIO()
    detools.create_patch(io.BytesIO(old), io.BytesIO(new), out, **{"compression": "lzma", **more})
    return out.getvalue()


def applied(old, patch, length):
    out = io.BytesIO()
    apply(io.BytesIO(old), io.BytesIO(patch), out, length)
    return out.getvalue()


def pair(size=200_000, seed=1):
    chance = random.Random(seed)  # noqa: S311 (bytes to compare, no secret)
    old = chance.randbytes(size)
    new = bytearray(old)
    for _ in range(50):
        new[chance.randrange(size)] ^= 0x81
    new[size // 3 : size // 3] = chance.randbytes(size // 50)
    del new[size // 2 : size // 2 + 777]
    return old, bytes(new)


OLD, NEW = pair()
PATCH = made(OLD, NEW)


def test_the_result_is_the_new_image():
    assert applied(OLD, PATCH, len(NEW)) == NEW


@given(old=st.binary(max_size=300), new=st.binary(min_size=1, max_size=300))
def test_whatever_detools_makes_we_apply(old, new):
    assert applied(old, made(old, new), len(new)) == new


@given(
    st.binary(max_size=100).flatmap(
        lambda one: st.tuples(st.just(one), st.binary(min_size=len(one), max_size=len(one)))
    )
)
def test_bytes_are_added_modulo_256(pair):
    one, other = pair
    assert add_bytes(one, other) == bytes((a + b) % 256 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kept", [0, 1, 2, 3, 10, len(PATCH) // 2, len(PATCH) - 1])
def test_a_truncated_delta_is_refused(kept):
    with pytest.raises(PatchError):
        applied(OLD, PATCH[:kept], len(NEW))


@pytest.mark.parametrize(
    ("patch", "length", "words"),
    [
        pytest.param(PATCH, len(NEW) - 1, "another length", id="another length"),
        pytest.param(PATCH + b"x", len(NEW), "goes on after its end", id="something after it"),
        pytest.param(made(OLD, NEW, compression="heatshrink"), len(NEW), "format", id="packed otherwise"),
        pytest.param(b"\x21" + PATCH[1:], len(NEW), "format", id="another type"),
        pytest.param(b"", 0, "format", id="nothing"),
        pytest.param(b"\x01" + b"\xff" * 20, 1, "too long", id="a number without end"),
    ],
)
def test_what_is_no_such_delta_is_refused(patch, length, words):
    with pytest.raises(PatchError, match=words):
        applied(OLD, patch, length)


def number(value):
    negative, value = value < 0, abs(value)
    out = bytearray([(value & 0x3F) | (0x40 if negative else 0)])
    value >>= 6
    while value:
        out[-1] |= 0x80
        out.append(value & 0x7F)
        value >>= 7
    return bytes(out)


def hostile(*parts, length, filters=None):
    body = b"".join(number(part) if isinstance(part, int) else part for part in parts)
    packed = lzma.compress(body, format=lzma.FORMAT_ALONE, filters=filters)
    return b"\x01" + number(length) + packed


@pytest.mark.parametrize(
    ("patch", "length"),
    [
        pytest.param(
            hostile(0, 5, b"\0" * 5, 0, -100, 5, b"\0" * 5, 0, 0, length=10), 10, id="steps before the source"
        ),
        pytest.param(
            hostile(0, 0, 5, b"x" * 5, 10**9, 5, b"\0" * 5, 0, 0, length=10), 10, id="reads behind the source"
        ),
        pytest.param(hostile(0, 99, b"\0" * 99, 0, 0, length=10), 10, id="adds more than the result has"),
        pytest.param(hostile(0, 0, 99, b"x" * 99, 0, length=10), 10, id="copies more than the result has"),
        pytest.param(hostile(0, -5, 0, 0, length=10), 10, id="a negative length"),
        pytest.param(hostile(3, 0, 0, 0, length=10), 10, id="a data format"),
        pytest.param(
            hostile(0, 0, 10, b"x" * 10, 0, length=10, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 512 << 20}]),
            10,
            id="wants half a gigabyte of memory",
        ),
    ],
)
def test_a_hostile_delta_is_refused_within_bounds(patch, length):
    out = io.BytesIO()
    with pytest.raises(PatchError):
        apply(io.BytesIO(b"s" * 20), io.BytesIO(patch), out, length)
    assert len(out.getvalue()) <= length


def test_memory_stays_within_the_stated_bound(tmp_path):
    """A 25 MB image, in a process of its own: what applying adds to the interpreter is the bound, and a little."""
    old, extra = b"o" * (16 << 20), random.Random(2).randbytes(9 << 20)  # noqa: S311 (bytes to compare, no secret)
    new = b"p" + old[1:] + extra
    change = b"\1" + bytes(len(old) - 1)
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "patch").write_bytes(hostile(0, len(old), change, len(extra), extra, 0, length=len(new)))
    script = (  # VmHWM: what getrusage says begins with the memory of whoever started the process
        "import sys\n"
        "from careful_device.patch import apply\n"
        "def most(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "before = most()\n"
        "old, patch, out = open(sys.argv[1], 'rb'), open(sys.argv[2], 'rb'), open(sys.argv[3], 'wb')\n"
        "apply(old, patch, out, int(sys.argv[4]))\n"
        "out.close()\n"
        "print(most() - before)\n"
    )
    arguments = [str(tmp_path / name) for name in ("old", "patch", "new")]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments, str(len(new))], capture_output=True, text=True, check=True
    )
    assert hashlib.sha256((tmp_path / "new").read_bytes()).digest() == hashlib.sha256(new).digest()
    assert 1 << 20 < int(done.stdout) * 1024 < MEMORY + (2 << 20)
