"""Setting aside flaws of the kernel whose source files were not compiled into it; pure.

The CNA of the kernel names, for nearly every flaw, the source files at fault (`programFiles`). A build knows which
files it compiled, or its configuration says which. Where none of a flaw's files is among them, its code is not in the
image: OpenVEX calls that `vulnerable_code_not_present`. A header may be in any file, so a flaw in one is never set
aside.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from careful.releases import Found, parse_cpe, unescaped
from careful.vulnerabilities.deciding import Match

_SOURCES = (".c", ".S", ".rs")
_SHOWN = 3


def read_list(text: str) -> frozenset[str]:
    """Read a list of compiled files, one a line: sources (`drivers/net/veth.c`) or objects (`drivers/net/veth.o`)."""
    found = set()
    for line in text.splitlines():
        name = line.strip().removeprefix("./")
        if name and not name.startswith("#"):
            found.add(name.removesuffix(".o") if name.endswith(".o") else name.rpartition(".")[0] or name)
    return frozenset(found)


def built(files: Iterable[str], compiled: frozenset[str]) -> tuple[str, ...]:
    """Return which of a flaw's files were compiled, or may have been: a header may be in any."""
    ends = frozenset(_ends(compiled))
    return tuple(sorted(name for name in set(files) if not name.endswith(_SOURCES) or name.rpartition(".")[0] in ends))


def set_aside(
    matches: Sequence[Match], components: Sequence[Found], compiled: frozenset[str]
) -> tuple[list[Match], list[Match]]:
    """Return what stays and what is set aside. `compiled` are paths without their ending, from the kernel's root on."""
    ends = frozenset(_ends(compiled))
    said = f", of {len(compiled):,} files that were"
    known = {True: "", False: said}
    return set_aside_by(matches, components, lambda name: known[name.rpartition(".")[0] in ends], few=said)


def set_aside_by(
    matches: Sequence[Match], components: Sequence[Found], why_not: Callable[[str], str], *, few: str = ""
) -> tuple[list[Match], list[Match]]:
    """Return what stays and what is set aside: flaws of the kernel, for each of whose files `why_not` gives a reason.

    The reasons are the evidence, file by file, or `few` where it is one for them all.
    """
    kept: list[Match] = []
    aside: list[Match] = []
    for one in matches:
        files = one.files if _is_kernel(components[one.component]) else ()
        whys = [why_not(name) if name.endswith(_SOURCES) else "" for name in files]
        if files and all(whys):
            told = [name if few else f"{name} ({why})" for name, why in zip(files, whys, strict=True)]
            said = f"not compiled into this kernel: {_few(told)}{few}"
            aside.append(replace(one, evidence=f"{said}; {one.evidence}"))
        else:
            kept.append(one)
    return kept, aside


def _ends(compiled: Iterable[str]) -> Iterable[str]:
    """Yield each path, and what is left of it without its first folders: builds write them from their own root."""
    for path in compiled:
        yield path
        while "/" in path:
            path = path.partition("/")[2]  # noqa: PLW2901 (it is what is left)
            yield path


def _is_kernel(component: Found) -> bool:
    named = (parse_cpe(text) for text in component.cpes)
    return any(one is not None and unescaped(one.product) == "linux_kernel" for one in named)


def _few(files: Sequence[str]) -> str:
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return ", ".join(files[:_SHOWN]) + more
