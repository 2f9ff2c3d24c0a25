"""A maker's own list of breached passwords, by their SHA-1, looked up on this machine only.

Two forms are read. A folder with a file for each prefix of five hex digits, as the k-anonymous range interface hands
them out: `5BAA6` (or `5BAA6.txt`) with lines `SUFFIX:COUNT`. Or one file with lines `SHA1:COUNT`, sorted by hash; it
may be tens of gigabytes, so it is searched and not read.
"""

import hashlib
import os
from pathlib import Path

from careful.kernel.errors import Unavailable

_PREFIX = 5
_DIGITS = 40
_LINE = 200  # a line is 40 digits, a colon and a count
_FILE_BYTES = 16 << 20  # a range has some 1,000 lines; one of this size is no range


def is_breached(listed: Path, password: str) -> bool:
    """Tell whether the list holds the password, as typed. Raises Unavailable when the list cannot be read."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        return _in_folder(listed, digest) if listed.is_dir() else _in_file(listed, digest)
    except OSError as failure:
        raise Unavailable(
            "The list of breached passwords cannot be read, so no password can be set.",
            do="Mend CAREFUL_BREACHED_PASSWORDS, or leave it empty.",
            where=str(listed),
        ) from failure


def _in_folder(folder: Path, digest: str) -> bool:
    prefix, suffix = digest[:_PREFIX], digest[_PREFIX:].encode()
    for name in (prefix, f"{prefix}.txt"):
        if (folder / name).is_file():
            with (folder / name).open("rb") as lines:
                content = lines.read(_FILE_BYTES)
            return any(line.partition(b":")[0].strip().upper() == suffix for line in content.splitlines())
    raise FileNotFoundError(folder / prefix)  # a list with holes would let through what it does not hold


def _in_file(path: Path, digest: str) -> bool:
    """Search a sorted file by halves: each step looks at the first whole line after the middle."""
    wanted = digest.encode()
    with path.open("rb") as lines:
        low, high = 0, os.fstat(lines.fileno()).st_size
        while high - low > _LINE:
            middle = (low + high) // 2
            lines.seek(middle)
            lines.readline(_LINE)
            found = lines.readline(_LINE)[:_DIGITS].upper()
            if found and found <= wanted:
                low = middle
            else:
                high = middle
        lines.seek(low)
        if low:
            lines.readline(_LINE)
        near = lines.read(4 * _LINE)
    return any(line[:_DIGITS].upper() == wanted for line in near.splitlines())
