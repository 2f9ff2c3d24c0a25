"""Which source files a kernel was compiled from, where its SBOM lists them, and whether to believe the list. Pure.

Yocto lists them on request (SPDX_INCLUDE_COMPILED_SOURCES), from the debug information of what it built. A kernel that
was built without debug information, or whose modules were, gives a list that looks like any other and lacks what
matters. Flaws would be set aside on it, so a list is believed only where it has what every kernel has.
"""

import re
from collections.abc import Iterable

ENDINGS = (".c", ".S", ".rs")
MOST_FILES = 100_000
"""More source files than a kernel has (6.12: 36,000)."""
LONGEST_PATH = 500
FEWEST_FILES = 300
"""Fewer than the smallest kernel is compiled from (`make tinyconfig`: about 400)."""
_HEART = "init/main.c"
_FEWEST_MODULES = 4
_SHARE = 10
_MODULE = re.compile(r"(?:kmod-|kernel-module-)(?P<name>.+?)(?:-\d+\.\d+.*)?")


def of_source(name: str | None) -> str:
    """Return the path of a file that can be compiled by itself, empty for any other, such as a header."""
    return name if name and name.endswith(ENDINGS) and len(name) <= LONGEST_PATH else ""


def rooted(paths: Iterable[str]) -> frozenset[str]:
    """Return paths as they are from the root of the kernel's source on, without what a build puts before it.

    Yocto writes `linux-yocto-6.12.38+git/init/main.c`. What is not below that root keeps its path.
    """
    given = frozenset(path.removeprefix("./").removeprefix("/") for path in paths)
    roots = [path.removesuffix(_HEART) for path in given if path == _HEART or path.endswith(f"/{_HEART}")]
    root = max(roots, key=lambda one: (sum(path.startswith(one) for path in given), -len(one)), default="")
    return frozenset(path.removeprefix(root) for path in given) if root else given


def doubt(files: frozenset[str], modules: Iterable[str]) -> str:
    """Say why a list of compiled files cannot be believed, empty where it can.

    `modules` are the kernel's modules that the SBOM lists: most of them have the name of the file they are made of.
    """
    if _HEART not in files:
        return f"lacks {_HEART}, which is in every kernel"
    if not FEWEST_FILES <= len(files) <= MOST_FILES:
        return f"names {len(files):,} files; a kernel has more than {FEWEST_FILES} and fewer than {MOST_FILES:,}"
    names = {found["name"].replace("_", "-").lower() for one in modules if (found := _MODULE.fullmatch(one))}
    stems = {path.rpartition("/")[2].rpartition(".")[0].replace("_", "-").lower() for path in files}
    if len(names) >= _FEWEST_MODULES and len(names & stems) * _SHARE < len(names):
        return f"has {len(names & stems)} of the {len(names)} modules that are listed"
    return ""
