"""Makes one delta, in a process of its own with a ceiling on memory and time: `python -m careful.updates.delta_make`.

    delta_make BASE IMAGE FORMAT PATCH SECONDS

Writes the patch to PATCH and one JSON object to standard output. Before it says that a patch is good, it has applied
it and compared the result with IMAGE. Nothing but files is read or written; the caller decides what becomes of them.
"""

import contextlib
import hashlib
import json
import lzma
import os
import resource
import sys
from pathlib import Path

from careful.updates.delta_plan import FORMATS, is_worth

BASE_MEMORY = 768 << 20
MEMORY_FACTOR = 10
"""Address space: the interpreter and its libraries, and ten times the larger image (measured: seven to eight)."""
_NICE = 10
_CHUNK = 1 << 20
_ARGUMENTS = 6


def memory_for(largest: int) -> int:
    """Return the ceiling on address space for a job whose larger image has so many bytes."""
    return BASE_MEMORY + MEMORY_FACTOR * largest


def main(arguments: list[str]) -> int:
    """Make the delta that the arguments name. Returns the exit status: 0 with a verdict on standard output."""
    if len(arguments) != _ARGUMENTS or arguments[3] not in FORMATS:
        print("delta_make BASE IMAGE FORMAT PATCH SECONDS", file=sys.stderr)  # noqa: T201 (its caller reads it)
        return 2
    base, image, kind, patch, seconds = Path(arguments[1]), Path(arguments[2]), *arguments[3:5], int(arguments[5])
    _limit(memory_for(max(base.stat().st_size, image.stat().st_size)), seconds)
    print(json.dumps(make(base, image, kind, Path(patch))))  # noqa: T201 (its caller reads it)
    return 0


def make(base: Path, image: Path, kind: str, patch: Path) -> dict[str, object]:
    """Write the patch from `base` to `image` and return the verdict: size, whether it is worth it, memory used."""
    import detools  # noqa: PLC0415 (needs a compiler to install; deltas are off where it is not there)

    with base.open("rb") as old, image.open("rb") as new, patch.open("xb") as out:
        detools.create_patch(
            old, new, out, compression=kind, patch_type="sequential", algorithm="bsdiff", use_mmap=True
        )
        out.flush()
        os.fsync(out.fileno())
    size, full = patch.stat().st_size, image.stat().st_size
    if not is_worth(size, _packed(image, enough=int(size / 0.6) + 1), full):
        return {"worth": False, "size": size, "right": True, "memory": _memory()}
    with base.open("rb") as old, patch.open("rb") as made:
        result = _Hashing()
        detools.apply_patch(old, made, result)
    with image.open("rb") as stream:
        right = result.digest.hexdigest() == hashlib.file_digest(stream, "sha256").hexdigest()
    return {"worth": True, "size": size, "right": right, "memory": _memory()}


class _Hashing:
    """A file that keeps only the digest of what is written to it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take bytes in."""
        self.digest.update(data)
        return len(data)


def _packed(image: Path, *, enough: int) -> int:
    """Return how long the image is, packed by xz; counted no further than `enough`, which decides already."""
    packer = lzma.LZMACompressor(preset=1)
    size = 0
    with image.open("rb") as stream:
        while size < enough and (chunk := stream.read(_CHUNK)):
            size += len(packer.compress(chunk))
    return size if size >= enough else size + len(packer.flush())


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(_NICE)


def _memory() -> int:
    """Return the most memory this process had, bytes; getrusage would begin with that of whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv))
