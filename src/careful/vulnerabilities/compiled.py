"""Setting aside flaws of the kernel whose source files were not compiled into it; pure.

The CNA of the kernel names, for nearly every flaw, the source files at fault (`programFiles`). A build knows which
files it compiled, its SBOM may list them, or its configuration says which. Where none of a flaw's files is among them,
its code is not in the image: OpenVEX calls that `vulnerable_code_not_present`. A header may be in any file, so a flaw
in one is never set aside.

A flaw is named by the files of today's kernel, and older ones have some of them elsewhere: `fs/smb/client/connect.c`
was `fs/cifs/connect.c`. So a file that was compiled under the same name in another folder may be that file, unless many
files go by that name.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from careful.releases import Found, names_linux
from careful.vulnerabilities.deciding import Match

_SOURCES = (".c", ".S", ".rs")
_SHOWN = 3
_MANY = 3
_SPLIT = frozenset({"arch"})
"""Top folders whose own folders have nothing in common: files do not move from one to another."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What was compiled, to be asked: `ends` are all paths, and what is left of each without its first folders."""

    number: int
    ends: frozenset[str]
    named: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, files: frozenset[str]) -> "Compiled":
        """Index paths, without their ending, from the kernel's root on or from the build's own."""
        named: dict[str, tuple[str, ...]] = {}
        for path in files:
            name = path.rpartition("/")[2]
            named[name] = (*named.get(name, ())[:_MANY], path)
        return cls(len(files), frozenset(_ends(files)), named)

    def may_have(self, file: str) -> bool:
        """Tell whether a file was compiled, or may have been: a header may be in any, and files move."""
        stem, _, ending = file.rpartition(".")
        if f".{ending}" not in _SOURCES or stem in self.ends:
            return True
        others = self.named.get(stem.rpartition("/")[2], ())
        return len(others) < _MANY and any(_akin(stem, other) for other in others)


def read_list(text: str) -> frozenset[str]:
    """Read a list of compiled files, one a line: sources (`drivers/net/veth.c`) or objects (`drivers/net/veth.o`)."""
    found = set()
    for line in text.splitlines():
        name = line.strip().removeprefix("./")
        if name and not name.startswith("#"):
            found.add(name.removesuffix(".o") if name.endswith(".o") else name.rpartition(".")[0] or name)
    return frozenset(found)


def of_sbom(files: Iterable[str]) -> Compiled:
    """Index the source files that an SBOM lists for a kernel (`Found.files`)."""
    return Compiled.of(frozenset(path.rpartition(".")[0] for path in files))


def built(files: Iterable[str], compiled: Compiled) -> tuple[str, ...]:
    """Return which of a flaw's files were compiled, or may have been: a header may be in any."""
    return tuple(sorted(name for name in set(files) if compiled.may_have(name)))


def set_aside(
    matches: Sequence[Match], components: Sequence[Found], compiled: frozenset[str] | Compiled
) -> tuple[list[Match], list[Match]]:
    """Return what stays and what is set aside. `compiled` are paths without their ending, from the kernel's root on."""
    known = compiled if isinstance(compiled, Compiled) else Compiled.of(compiled)
    said = f", of {known.number:,} files that were"
    return set_aside_by(matches, components, lambda name: "" if known.may_have(name) else said, few=said)


def set_aside_as_listed(
    matches: Sequence[Match], components: Sequence[Found], exploited: Container[str] = ()
) -> tuple[list[Match], list[Match]]:
    """Return what stays and what is set aside by the lists of compiled files that the SBOM itself has.

    A kernel without such a list keeps all of its flaws, and every kernel those that are exploited: a person decides.
    """
    lists = {
        at: of_sbom(components[at].files)
        for at in {one.component for one in matches if one.files}
        if components[at].files
    }
    kept: list[Match] = []
    aside: list[Match] = []
    for one in matches:
        if one.component in lists and not any(name in exploited for name in one.names):
            stays, goes = set_aside([one], components, lists[one.component])
            kept += stays
            aside += goes
        else:
            kept.append(one)
    return kept, aside


def set_aside_by(
    matches: Sequence[Match], components: Sequence[Found], why_not: Callable[[str], str], *, few: str = ""
) -> tuple[list[Match], list[Match]]:
    """Return what stays and what is set aside: flaws of the kernel, for each of whose files `why_not` gives a reason.

    The reasons are the evidence, file by file, or `few` where it is one for them all.
    """
    kept: list[Match] = []
    aside: list[Match] = []
    for one in matches:
        files = one.files if names_linux(components[one.component].cpes) else ()
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


def _akin(stem: str, other: str) -> bool:
    """Tell whether two files of one name may be one that moved: both are below the same of the kernel's top folders."""
    folders, others = stem.split("/")[:-1], other.split("/")[:-1]
    depth = 2 if folders and folders[0] in _SPLIT else 1
    top = folders[:depth]
    return any(others[at : at + depth] == top for at in range(len(others)))


def _few(files: Sequence[str]) -> str:
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return ", ".join(files[:_SHOWN]) + more
