"""The `versions` of a CVE record as ranges: affected, not affected, and what only a person can read; pure.

Rules of the CVE Record Format 5.1 (`versions`, `defaultStatus`): an entry is a version, or a range from `version` to
before `lessThan` or up to `lessThanOrEqual`, `*` being without end; `changes` turn the status on the way; what no entry
names has the default status, which is *unknown* unless stated. Versions in words are read where they are plain
(`>= 1.0, < 1.2`), else left for a person.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.record import Affected
from careful.vulnerabilities.ranges import Range

_UNSAID = {"", "-", "n/a", "unspecified", "0"}  # as an entry of its own; as the beginning of a range, the first version
_COMMIT = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{10,40}")
_SHORTEST_COMMIT = 10
_PREFIX = re.compile(r"(?:pkg:[^@\s]+@|(?:firmware\s+)?(?:versions?\s+|ver\.?\s*(?=\d)))", re.IGNORECASE)
_SIGN = re.compile(r"(<=|>=|<|>|=)\s*")
_BUILD = re.compile(r"\s+build\s+\d+$", re.IGNORECASE)
_FIRST = _UNSAID | {"*", "all", "all versions", "any", "vers:all/*"}
_NO_END = {"", "*", "unspecified", "n/a", "-"}
_OPEN = _FIRST | _NO_END
_BRANCH = re.compile(r"(?P<stem>\d+(?:\.\d+)*)\.(?:\*|x)", re.IGNORECASE)
_PLAIN = re.compile(r"[vV]?\d[0-9A-Za-z.+~_:-]*")
_BOUND = re.compile(r"(?P<sign><=|>=|<|>|=)\s*(?P<version>[vV]?\d[0-9A-Za-z.+~_:-]*)")
_LIST = re.compile(r"\s*[,|]\s*")
_SEVERAL = re.compile(r"\s*(?:[,;|]|\band\b)\s*")
_JOINED = re.compile(r"\s*(?:,|and|&&|\s)\s*")
_V = r"[vV]?\d\S*"
_WORDS = (
    (
        rf"(?:all )?(?:versions? )?(?:before|prior to|earlier than|older than|<)\s+(?:versions?\s+)?(?P<fixed>{_V})",
        True,
    ),
    (rf"(?P<last>{_V})\s+(?:(?:and|or) (?:all )?(?:prior|earlier|below|lower|older|previous)(?: versions?)?)", True),
    (rf"(?:all )?(?:versions? )?(?:up to|through)\s+(?P<last>{_V})", True),
    (rf"(?P<introduced>{_V})\s+(?:to|through|-)\s+(?P<last>{_V})", True),
    (rf"fixed in .+ \(affected (?P<introduced>{_V}?)-(?P<last>{_V})\)", True),  # OpenSSL's
    (rf"fixed in .+ \(affected (?P<exact>{_V})\)", True),
    (rf"fixed in\s+(?:[a-z-]+\s+)?(?P<fixed>{_V})", False),  # where it begins is not said
)
_WORDED = tuple((re.compile(pattern, re.IGNORECASE), sure) for pattern, sure in _WORDS)
_SHOWN, _LISTED = 60, 3
_LONGEST = 2_000  # some write a whole list into one entry; beyond it are tales, over which patterns take long
_COMMITS = "its range is given in commits, not versions"
_NO_VERSIONS = "its record names no versions"
_UNKNOWN = "its record does not say which versions"
_IN_WORDS = "its versions are in words"
_END_ONLY = "its record's range begins where it ends, and may mean all versions before"
_MENDED_IN_ONE = "its record names one version that is not affected, and says nothing of those after it"
_BY_DEFAULT = "its record says affected by default, and then names only versions that are"
_TWICE = "its record ends the range twice: it speaks of several branches"


class Change(msgspec.Struct):
    """From `at` on the status is another."""

    at: str
    status: str


class Version(msgspec.Struct, rename="camel"):
    """One entry."""

    version: str = ""
    status: str = "affected"
    less_than: str | None = None
    less_than_or_equal: str | None = None
    version_type: str | None = None
    changes: list[Change] = []


@dataclass(frozen=True, slots=True)
class Stated:
    """What the entries of a product say in one scheme: once what is clear, once each doubt a person must settle."""

    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    fine: tuple[Range, ...] = ()
    closed: bool = False
    condition: str = ""

    def of(self, frame: Affected) -> Affected:
        """Return the row of one name of the product."""
        return Affected(
            frame.kind,
            frame.key,
            frame.scheme,
            self.versions,
            self.ranges,
            self.condition,
            frame.cpe,
            frame.distro,
            frame.source,
            self.fine,
            self.closed,
            frame.files,
        )


def read_versions(listed: Sequence[Version], default: str, frame: Affected) -> Iterator[Affected]:
    """Yield `frame` with what the entries say: once with what is clear, once for each doubt a person must settle."""
    names = (frame.key.rpartition("/")[2].replace("_", " "),)
    yield from (one.of(frame) for one in stated(listed, default, frame.scheme, names))


def stated(listed: Sequence[Version], default: str, scheme: str, names: tuple[str, ...]) -> Iterator[Stated]:
    """Yield what the entries of a product say in a scheme; `names` are words before a version that mean no more."""
    said = _Said()
    for one in _joined(listed, scheme):
        for status, span, doubt in _read(one, scheme, names):
            said.add(one, status, span, doubt)
    if default == "affected" and not said.fine and any(one.fixed or one.last for one in said.affected):
        said.doubts.setdefault(_BY_DEFAULT, []).append(Range())
    elif default == "affected":
        between = outside(said.fine, scheme)
        if between is None or said.unclear:
            said.doubts.setdefault("its unaffected versions cannot be put in order", [])
        else:
            later = [one for one in between if one.after in said.mended() and not (one.fixed or one.last)]
            said.affected += [one for one in between if one not in later]
            said.doubts |= {_MENDED_IN_ONE: later} if later else {}
    ends = [one.version.strip() for one in listed if _says_only_its_end(one)]
    if default == "unaffected" and ends:
        said.doubts.setdefault(_END_ONLY, []).extend(Range(last=end) for end in ends)
    fine = _once(said.fine)
    if said.affected or said.exact or (fine and not said.doubts):
        closed = default in {"unaffected", "affected"} and not said.doubts
        yield Stated(_once(said.affected), tuple(dict.fromkeys(said.exact)), fine, closed)
    elif not said.doubts and default != "unaffected":
        yield Stated(condition=_UNKNOWN)
    for doubt, spans in said.doubts.items():
        words = f"{doubt}: {_few(said.words)}" if doubt == _IN_WORDS else doubt
        yield Stated(_once(spans), fine=fine, condition=words)


def _once(spans: Iterable[Range]) -> tuple[Range, ...]:
    return tuple(dict.fromkeys(spans))


def _joined(listed: Sequence[Version], scheme: str) -> Iterator[Version]:
    """Join `from 8.6.0 to unspecified` with `from unspecified to 8.13.4` after it: one range, written as two.

    So came two-sided ranges of the older CVE format over into this one.
    """
    waiting: Version | None = None
    for one in listed:
        begun, waiting = waiting, None
        if begun and begun.status == one.status and _has_no_start(one) and _order(scheme, begun.version) < _order(
            scheme, one.less_than or one.less_than_or_equal or ""
        ):  # fmt: skip
            yield msgspec.structs.replace(one, version=begun.version)
            continue
        if begun:
            yield begun
        if one.version.strip().lower() not in _FIRST and (one.less_than or "").lower() == "unspecified":
            waiting = one
        else:
            yield one
    if waiting:
        yield waiting


def _says_only_its_end(one: Version) -> bool:
    """Tell whether a range begins where it ends: some mean all up to there (HackerOne's records of Node.js)."""
    end = (one.less_than_or_equal or "").strip()
    return one.status == "affected" and end == one.version.strip() and bool(_PLAIN.fullmatch(end))


def _has_no_start(one: Version) -> bool:
    end = one.less_than or one.less_than_or_equal or ""
    return one.version.strip().lower() == "unspecified" and end.lower() not in _NO_END


@dataclass(slots=True)
class _Said:
    """What the entries of one product say so far."""

    affected: list[Range] = field(default_factory=list)
    exact: list[str] = field(default_factory=list)
    fine: list[Range] = field(default_factory=list)
    doubts: dict[str, list[Range]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    unclear: bool = False

    def mended(self) -> frozenset[str]:
        """Return the versions that are named one by one as not affected."""
        return frozenset(one.last for one in self.fine if one.last and one.introduced == one.last)

    def add(self, one: Version, status: str, span: Range | None, doubt: str) -> None:
        if status == "unaffected" and not doubt:
            self.fine.append(span or Range(introduced=one.version.strip(), last=one.version.strip()))
        elif status == "unaffected":
            self.unclear = True
        elif status == "affected" and doubt:
            self.doubts.setdefault(doubt, []).extend([span] if span else [])
            self.words += [_as_written(one)] if doubt == _IN_WORDS else []
        elif status == "affected" and span:
            self.affected.append(span)
        elif status == "affected":
            self.exact.append(one.version.strip())


def in_commits(one: Version) -> bool:
    """Tell whether an entry is stated in commits of a repository; CISA repeats these as "custom" versions.

    Some say "git" and give versions, such as Zephyr and Zabbix.
    """
    said = [text.strip() for text in (one.version, one.less_than, one.less_than_or_equal) if text]
    texts = [text for text in said if text.lower() not in _OPEN]
    if one.version_type == "git":
        return not texts or not all(_is_dotted(text) for text in texts)
    return any(len(text) >= _SHORTEST_COMMIT and _COMMIT.fullmatch(text) for text in texts)


def _is_dotted(text: str) -> bool:
    return "." in text and bool(_PLAIN.fullmatch(text) or _BRANCH.fullmatch(text))


def outside(fine: Iterable[Range], scheme: str) -> list[Range] | None:
    """Return what lies between the ranges `fine`, None where they cannot be put in order."""
    try:
        spans = [(versions.key(scheme, one.introduced) if one.introduced else (), one) for one in fine]
    except ValueError:
        return None
    found: list[Range] = []
    start = Range()
    for _, one in sorted(spans, key=lambda pair: pair[0]):
        if one.introduced and one.introduced != start.introduced:
            found.append(replace(start, fixed=one.introduced))
        if not one.fixed and not one.last:
            return found
        start = Range(introduced=one.fixed) if one.fixed else Range(after=one.last)
    return [*found, start]


def _read(one: Version, scheme: str, names: tuple[str, ...]) -> Iterator[tuple[str, Range | None, str]]:
    """Yield (status, range or None for exactly this version, doubt) for one entry and its changes."""
    if max(len(one.version), len(one.less_than or ""), len(one.less_than_or_equal or "")) > _LONGEST:
        yield one.status, None, _IN_WORDS
        return
    if in_commits(one):
        yield one.status, None, _COMMITS
        return
    end = one.less_than if one.less_than is not None else one.less_than_or_equal
    if end is None:
        yield from _single(one, names)
        return
    opening, start = _signed(one.version, names)
    closing, end = _signed(end, names)
    start, end = "" if start.lower() in _FIRST else start, _BUILD.sub("", end)
    changes = sorted(one.changes, key=lambda change: _order(scheme, change.at))
    status = one.status
    for change in changes:
        twice = change.status == status == "unaffected"
        span = Range(introduced=start, fixed=change.at.strip())
        yield ("affected", span, _TWICE) if twice else (status, span, "")
        start, status = change.at.strip(), change.status
    last, doubt = _until(start, end, inclusive=one.less_than is None or closing == "<=")
    if last and opening == ">" and last.introduced and not changes:
        last = replace(last, introduced="", after=last.introduced)
    yield status, last, doubt


def _signed(text: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Return the sign before a bound (`<= 2.2.1`, where the field says so already), and the version."""
    plain = _bare(text, names)
    sign = _SIGN.match(plain)
    return (sign[1], _bare(plain[sign.end() :], names)) if sign else ("", plain)


def _bare(text: str, names: tuple[str, ...]) -> str:
    """Return a version without the product's name and the word for a version before it: `mupdf 1.18.0`."""
    plain = text.strip()
    if plain[:1].isalpha():
        low = plain.lower()
        plain = next((plain[len(one) :].strip() for one in names if one and low.startswith(f"{one} ")), plain)
    return _PREFIX.sub("", plain, count=1)


def _order(scheme: str, text: str) -> tuple[int, versions.Key]:
    try:
        return 0, versions.key(scheme, text.strip())
    except ValueError:
        return 1, ()


def _until(start: str, end: str, *, inclusive: bool) -> tuple[Range | None, str]:
    if end.lower() in _NO_END:
        return Range(introduced=start), ""
    branch = _BRANCH.fullmatch(end)
    if branch:
        return Range(introduced=start, last=end), ""
    begins = _BRANCH.fullmatch(start)
    start = begins["stem"] if begins else start
    if not _PLAIN.fullmatch(end) or (start and not _PLAIN.fullmatch(start)):
        return None, _IN_WORDS
    return (Range(introduced=start, last=end) if inclusive else Range(introduced=start, fixed=end)), ""


def _single(one: Version, names: tuple[str, ...]) -> Iterator[tuple[str, Range | None, str]]:
    text = _bare(one.version, names)
    if text.lower() in _UNSAID:
        yield one.status, None, _NO_VERSIONS
    elif text.lower() in _FIRST:
        yield one.status, Range(), ""
    elif branch := _BRANCH.fullmatch(text):
        yield one.status, Range(introduced=branch["stem"], last=text), ""
    elif _PLAIN.fullmatch(text):
        yield one.status, None if text == one.version.strip() else Range(introduced=text, last=text), ""
    elif all(_PLAIN.fullmatch(part) for part in _LIST.split(text)):
        yield from ((one.status, Range(introduced=part, last=part), "") for part in _LIST.split(text))
    elif spans := _several(text):
        yield from ((one.status, span, "") for span in spans)
    else:
        span, sure = _in_words(text)
        yield one.status, span, "" if sure else _IN_WORDS


def _several(text: str) -> list[Range]:
    """Read a list of ranges of which each says where it begins: `9.5 - 9.5.23, 10 - 10.0.10`; else nothing.

    What only says where it ends may speak of a branch, and then would hold what others have mended.
    """
    parts = _SEVERAL.split(text)
    read = [(Range(introduced=one, last=one), True) if _PLAIN.fullmatch(one) else _in_words(one) for one in parts]
    spans = [span for span, sure in read if span and sure and (span.introduced or span.after)]
    return spans if len(spans) == len(parts) > 1 else []


def _in_words(text: str) -> tuple[Range | None, bool]:
    """Read plain comparisons and the commonest wordings; tell whether nothing is left open."""
    if text[:1] in "<>=":
        return _bounded(text)
    for pattern, sure in _WORDED:
        said = pattern.fullmatch(text)
        if said and all(_PLAIN.fullmatch(value) for value in said.groupdict().values()):
            bounds = said.groupdict()
            exact = bounds.pop("exact", "")
            return (Range(introduced=exact, last=exact) if exact else Range(**bounds)), sure
    return None, False


def _bounded(text: str) -> tuple[Range | None, bool]:
    """Read `>= 1.0, < 1.2`: each bound once, nothing else between."""
    exact = _BOUND.fullmatch(text)
    if exact and exact["sign"] == "=":
        return Range(introduced=exact["version"], last=exact["version"]), True
    names = {"<": "fixed", "<=": "last", ">": "after", ">=": "introduced"}
    found: dict[str, str] = {}
    for bound in _BOUND.finditer(text):
        name = names.get(bound["sign"], "")
        if not name or name in found:
            return None, False
        found[name] = bound["version"].rstrip(",")
    rest = _JOINED.sub("", _BOUND.sub("", text))
    return (Range(**found), True) if found and not rest else (None, False)


def _as_written(one: Version) -> str:
    end = one.less_than or one.less_than_or_equal
    return f"{one.version} to {end}" if end else one.version


def _few(words: Sequence[str]) -> str:
    once = list(dict.fromkeys(word[:_SHOWN] for word in words))
    more = f" and {len(once) - _LISTED} more" if len(once) > _LISTED else ""
    return ", ".join(repr(word) for word in once[:_LISTED]) + more
