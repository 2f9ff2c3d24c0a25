"""The child process that makes one delta."""

import io
import json
import random
import subprocess
import sys

import detools
import pytest

from careful.updates.delta_make import main, memory_for


@pytest.fixture
def images(tmp_path):
    chance = random.Random(1)  # noqa: S311 (bytes to compare, no secret)
    old = chance.randbytes(300_000)
    new = old[:1000] + b"new" * 50 + old[1000:]
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "new").write_bytes(new)
    (tmp_path / "other").write_bytes(chance.randbytes(300_000))
    return tmp_path


def run(images, base="old", image="new", kind="lzma", seconds="60"):
    arguments = [images / base, images / image, kind, images / "patch", seconds]
    return subprocess.run(
        [sys.executable, "-m", "careful.updates.delta_make", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["lzma", "heatshrink"])
def test_a_delta_gives_the_image(images, kind):
    verdict = json.loads(run(images, kind=kind).stdout)
    assert verdict["worth"]
    assert verdict["right"]
    patch, out = (images / "patch").read_bytes(), io.BytesIO()
    assert verdict["size"] == len(patch) < 20_000
    detools.apply_patch(io.BytesIO((images / "old").read_bytes()), io.BytesIO(patch), out)
    assert out.getvalue() == (images / "new").read_bytes()


def test_one_that_saves_nothing_is_given_up(images):
    assert json.loads(run(images, image="other").stdout)["worth"] is False


def test_a_job_without_memory_ends(images):
    script = (
        "import sys; from careful.updates import delta_make as job\n"
        "job.BASE_MEMORY = 400 << 20; job.MEMORY_FACTOR = 0\n"
        "sys.exit(job.main(['', *sys.argv[1:]]))"
    )
    (images / "old").write_bytes(bytes(90_000_000))
    (images / "new").write_bytes(bytes(90_000_001))
    arguments = [images / "old", images / "new", "lzma", images / "patch", 60]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0


def test_the_ceiling_grows_with_the_image():
    assert memory_for(256 << 20) < 4 << 30


def test_words_that_make_no_job():
    assert main(["", "a", "b", "gzip", "c", "1"]) == 2
