"""Which files of a Linux kernel its configuration compiles, by its own makefiles; pure but for the reader it is given.

The rules are Kbuild's (Documentation/kbuild/makefiles.rst): `obj-$(CONFIG_X) += foo.o dir/`, `foo-y` and `foo-objs` for
what an object is made of, directories with a `Kbuild` or a `Makefile` of their own. Make is a language, and this is no
make: what cannot be read counts as compiled, so that no flaw is set aside on a guess. A file is left out only where a
makefile names it, or its directory, under an option that is off, and nothing else builds it.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from careful.kernel.errors import Invalid, TooLarge
from careful.vulnerabilities import makefiles

Read = Callable[[str], str | None]
"""Returns a file's text by its path from the root of the source, None where it is not there."""

_OPTION = re.compile(r"(?:CONFIG_(\w+)=(.*)|# CONFIG_(\w+) is not set)", re.ASCII)
_SUFFIX = re.compile(r"(.+?)-(\$[({].*[)}]|y|m|objs|objs-y)", re.ASCII)
_ONE = re.compile(r"\$[({](?:subst\s+m\s*,\s*y\s*,\s*\$[({]CONFIG_(\w+)[)}]|CONFIG_(\w+)(?::m=y)?)[)}]", re.ASCII)
_IFDEF = re.compile(r"if(n?)def\s+CONFIG_(\w+)", re.ASCII)
_IFEQ = re.compile(r"if(n?)eq\s*\(\s*\$[({]CONFIG_(\w+)[)}]\s*,\s*([ymn]?)\s*\)", re.ASCII)
_INCLUDED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+\.(?:c|S|inc))[">]', re.MULTILINE | re.ASCII)
_LISTS = frozenset(
    {"obj", "lib", "core", "drivers", "net", "libs", "virt", "head", "init", "extra", "always", "subdir"}
)
_GIVEN = {"srctree": ".", "objtree": ".", "ARCH_CORE": "", "ARCH_LIB": "", "ARCH_DRIVERS": "", "comma": ","}
"""What the top makefile sets; the lists of the architecture are read where they are made."""
_GENERATED = (".d", ".cmd")
_STANDALONE = frozenset({"always", "extra", "targets", "hostprogs", "userprogs", "header-test", "hdrtest"})
"""Lists of what is made beside the kernel; an object of theirs that can be read counts all the same."""
_KIN = {"arm64": "arm", "um": "x86"}
"""Architectures that build files of another."""
_ARCHITECTURES = {"PPC": "powerpc", "SUPERH": "sh", "UML": "um"} | {
    name.upper(): name
    for name in (
        "alpha", "arc", "arm", "arm64", "csky", "hexagon", "loongarch", "m68k", "microblaze", "mips", "nios2",
        "openrisc", "parisc", "riscv", "s390", "sparc", "x86", "xtensa",
    )
}  # fmt: skip
_ENDINGS = (".c", ".S", ".rs")
_MOST_DIRECTORIES, _MOST_SOURCES, _MOST_DEPTH = 20_000, 60_000, 8
_MANY = 50


@dataclass(frozen=True, slots=True)
class Built:
    """What is compiled, as paths without their ending; `off` is the option for which a path or directory is left out.

    What lies in `unsure` directories is built by makefiles that could not be read in full.
    """

    architecture: str
    compiled: frozenset[str]
    off: Mapping[str, str]
    unsure: frozenset[str]

    def why_not(self, file: str) -> str:
        """Return why a source file is not compiled, empty where it is or may be."""
        stem, ending = posixpath.splitext(posixpath.normpath(file))
        if ending not in _ENDINGS or stem in self.compiled:
            return ""
        parts = stem.split("/")
        if parts[0] == "arch" and parts[1:] and parts[1] not in {self.architecture, _KIN.get(self.architecture)}:
            return f"this kernel is for {self.architecture}"
        above = [*_above(stem)]
        if any(folder in self.unsure for folder in (*above, "")):
            return ""
        option = next((self.off[name] for name in (stem, *above) if name in self.off), "")
        return f"{option} is off" if option else ""


def read_config(text: str) -> dict[str, str]:
    """Read a `.config`: option without its prefix -> its value, "n" where it is not set. Raises Invalid."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        option = _OPTION.fullmatch(line.strip())
        if option:
            found[option[1] or option[3]] = option[2] if option[1] else "n"
    if not found:
        raise Invalid("This is no kernel configuration: no line of it is CONFIG_…=….", do="Name the build's .config.")
    return found


def built(config: Mapping[str, str], read: Read) -> Built:
    """Follow the makefiles of a kernel's source from its root. Raises Invalid where they are none, TooLarge."""
    architecture = next((name for option, name in _ARCHITECTURES.items() if config.get(option) == "y"), "")
    if not architecture:
        raise Invalid("The configuration names no architecture.", do="Name the .config of a whole build.")
    if read("Makefile") is None and read("Kbuild") is None:
        raise Invalid("There is no kernel source: no Makefile at its root.", do="Name the root of the kernel's source.")
    walk = _Walk(config, read, architecture)
    for start in ("", f"arch/{architecture}"):
        for name in ("Makefile", "Kbuild"):
            walk.take(start, name)
    walk.run()
    if not walk.compiled:
        raise Invalid("The makefiles build nothing by this configuration.", do="Name the source that it configures.")
    compiled = frozenset({*walk.compiled, *_included(walk.compiled, read)})
    return Built(architecture, compiled, walk.off, frozenset(walk.unsure))


@dataclass(slots=True)
class _Makefile:
    """What one makefile says: variables, and each list with its suffix, its words, and the option it stands under."""

    variables: dict[str, str] = field(default_factory=dict)
    lists: list[tuple[str, str, str]] = field(default_factory=list)
    unsure: bool = False


@dataclass(slots=True)
class _Walk:
    config: Mapping[str, str]
    read: Read
    architecture: str
    compiled: set[str] = field(default_factory=set)
    off: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @property
    def given(self) -> dict[str, str]:
        """Return what the top makefile sets for all others."""
        return {"SRCARCH": self.architecture, "BITS": "64" if self.config.get("64BIT") == "y" else "32"}

    def run(self) -> None:
        while self.waiting:
            folder = self.waiting.pop()
            if folder in self.seen:
                continue
            if len(self.seen) >= _MOST_DIRECTORIES:
                raise TooLarge(f"A kernel's source may have {_MOST_DIRECTORIES:,} directories.")
            self.seen.add(folder)
            if not self.take(folder, "Kbuild"):
                self.take(folder, "Makefile")

    def take(self, folder: str, name: str) -> bool:
        """Read one makefile; tell whether it is there."""
        text = self.read(posixpath.join(folder, name))
        if text is None:
            return False
        made = _Makefile({"src": folder, "obj": folder, **_GIVEN, **self.given})
        self._read_into(made, text, 0)
        if made.unsure and folder:  # at the root, what is included builds no list of its own
            self.unsure.add(folder)
        self._build(made, folder)
        return True

    def _read_into(self, made: _Makefile, text: str, depth: int) -> None:
        """Read lines; a branch of a condition that cannot be told is taken, and so is its other branch."""
        branches: list[str | None] = []  # the option for which a branch is not taken, None where it is
        for line in makefiles.lines(text):
            if line.startswith(("ifeq", "ifneq", "ifdef", "ifndef")):
                branches.append(self._not_taken(line))
            elif line.startswith("else") and branches:
                branches[-1] = self._otherwise(line, branches[-1])
            elif line.startswith("endif") and branches:
                branches.pop()
            elif line.startswith(("include ", "-include ", "sinclude ")):
                self._include(made, line.partition(" ")[2], depth)
            elif found := makefiles.assignment(line):
                self._assign(made, *found, next((option for option in branches if option), ""))

    def _not_taken(self, line: str) -> str | None:
        known = _IFDEF.match(line) or _IFEQ.match(line)
        if known is None:
            return None
        value = self.config.get(known[2], "n")
        wanted = known[3] if known.re is _IFEQ else ""
        holds = (value == (wanted or "n")) if known.re is _IFEQ else value != "n"
        return f"CONFIG_{known[2]}" if holds == bool(known[1]) and value in {"y", "m", "n"} else None

    def _otherwise(self, line: str, before: str | None) -> str | None:
        """Take the other branch always: where the first was taken, that is too much, and never too little."""
        rest = line.removeprefix("else").strip()
        return self._not_taken(rest) if rest and before else None

    def _include(self, made: _Makefile, words: str, depth: int) -> None:
        for word in map(posixpath.normpath, makefiles.expand(words, made.variables).split()):
            text = None if "$" in word or depth >= _MOST_DEPTH else self.read(word)
            if text is not None:
                self._read_into(made, text, depth + 1)
            elif not word.startswith(("include/", "scripts/")) and not word.endswith(_GENERATED):
                made.unsure = True

    def _assign(self, made: _Makefile, name: str, sign: str, value: str, off: str) -> None:
        listed = _SUFFIX.fullmatch(name)
        if listed and "flags" not in listed[1]:
            made.lists.append((listed[1], off or self._off(listed[2]), value))
        if "$" not in name and not off:
            before = made.variables.get(name, "")
            value = re.sub(rf"\$[({{]{re.escape(name)}[)}}]", lambda _: before, value)
            made.variables[name] = f"{before} {value}".strip() if sign == "+=" else value

    def _off(self, suffix: str) -> str:
        """Return the option for which a list with this suffix is not built, empty where it is or may be."""
        one = _ONE.fullmatch(suffix)
        if one is None:
            return ""
        option = one[1] or one[2]
        return "" if self.config.get(option, "n") in {"y", "m"} else f"CONFIG_{option}"

    def _build(self, made: _Makefile, folder: str) -> None:
        """Take what is built; an object's parts are, where the object is, or where no list here names it."""
        words = [(name, off, self._words(made, name, value, folder)) for name, off, value in made.lists]
        named = {word for _, _, listed in words for word in listed}
        on = {word for name, off, listed in words if name in _LISTS and not off for word in listed}
        parts = [one for one in words if one[0] not in _LISTS]
        for _ in range(_MANY):
            before = len(on)
            for name, off, listed in parts:
                whole = _joined(folder, f"{name}.o")
                if not off and (whole in on or whole not in named):
                    on.update(listed)
            if len(on) == before:
                break
        for name, off, listed in words:
            whole = _joined(folder, f"{name}.o")
            why = off or (self.off.get(whole.removesuffix(".o"), "") if name not in _LISTS and whole not in on else "")
            for word in listed if why else ():
                self.off.setdefault(word.removesuffix(".o").rstrip("/"), why)
        for word in on:
            if word.endswith("/"):
                self.waiting.append(word.rstrip("/"))
            else:
                self.compiled.add(word.removesuffix(".o"))

    def _words(self, made: _Makefile, name: str, value: str, folder: str) -> list[str]:
        """Return the objects and folders of a list, by their paths from the root."""
        found = []
        expanded = makefiles.expand(value, made.variables)
        if "$" in expanded and name not in _STANDALONE:
            self.unsure.add(posixpath.dirname(folder) if ".." in expanded else folder)
        for word in expanded.split():
            if "$" not in word and word.endswith((".o", "/")):
                rooted = not folder or word.startswith(("./", f"{folder}/", f"arch/{self.architecture}/"))
                found.append(_joined("" if rooted else folder, word))
        return found


def _joined(folder: str, word: str) -> str:
    return posixpath.normpath(posixpath.join(folder, word)) + "/" * word.endswith("/")


def _included(compiled: Iterable[str], read: Read) -> set[str]:
    """Return the sources that compiled sources include, as kernel/sched/build_policy.c does rt.c."""
    found: set[str] = set()
    waiting = [stem + ending for stem in compiled for ending in (".c", ".S")]
    for number, path in enumerate(waiting):  # it grows
        if number > _MOST_SOURCES * 2:
            raise TooLarge(f"A kernel may have {_MOST_SOURCES:,} sources.")
        text = read(path) or ""
        for name in _INCLUDED.findall(text):
            for one in (_joined(posixpath.dirname(path), name), posixpath.normpath(name)):
                stem = posixpath.splitext(one)[0]
                if stem not in found:
                    found.add(stem)
                    waiting.append(one)
    return found


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
