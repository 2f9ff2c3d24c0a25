"""Ranges as each ecosystem's own tools write them, `^1.2.3 || >=2.0`, made VERS; pure.

Sources: node-semver's README (npm); Conan 2's version ranges; PEP 440's specifiers; RubyGems' requirements; the
brackets of NuGet and Maven; nginx's and OpenSSL's advisories. What a tool would refuse, or what no version can
satisfy, raises ValueError: such a range is for a person to check.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from careful.vulnerabilities import versions
from careful.vulnerabilities.vers import Comparator, Constraint, Vers, of

_LONGEST, _MOST = 5_000, 200
_NPM = re.compile(
    r"(\^|~>?|>=|<=|>|<|=)?\s*v?(?:(\*|x)|(\d+)(?:\.(\d+|\*|x)(?:\.(\d+|\*|x))?)?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)"
    r"(?:\s+|$)",
    re.ASCII | re.IGNORECASE,
)
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_SIGNED = re.compile(r"(\^|~=?>?|===?|>=|<=|!=|>|<|=)?\s*([^\s<>=!~^,|]+)\s*", re.ASCII)
_BRACKETS = re.compile(r"([\[(])\s*([^\[\](),]*)(,)?\s*([^\[\](),]*)([\])])\s*,?\s*")
_NGINX = re.compile(r"(\d+)\.(\d+)\.(\d+)(\+)?(?:-(\d+\.\d+\.\d+))?", re.ASCII)
_NUMBERS = re.compile(r"\d+(?:\.\d+)*", re.ASCII)


def read(kind: str, text: str) -> Vers:
    """Read a range in the notation of an ecosystem (`npm`, `pypi`, …). Raises ValueError for what it would refuse."""
    reader = _READERS.get(kind)
    if reader is None:
        raise ValueError(f"no notation of ranges is known for {kind!r}")
    if len(text) > _LONGEST or text.count("|") + text.count(",") > _MOST:
        raise ValueError(f"a range of more than {_LONGEST} characters or {_MOST} parts")
    alternatives = [_exact(one) for one in reader(text.strip())]
    if [_ANY] in alternatives:
        return Vers(kind, ())
    if any(_ANY in one for one in alternatives):
        raise ValueError(f"{text[:80]!r} says all and something more")
    joined = _joined(versions.BY_VERS[kind], alternatives)
    return of(kind, joined) if joined else Vers(kind, ())


_ANY = Constraint("=", "*")
_Alternative = list[Constraint]
_LOW, _HIGH = frozenset({">", ">="}), frozenset({"<", "<="})
_TIES = {"<": 0, "<=": 1, "=": 2, "!=": 2, ">=": 3, ">": 4}


def _exact(one: _Alternative) -> _Alternative:
    """Write `>=2 <=2` as `=2`, which keeps its meaning beside others."""
    if [each.comparator for each in one] == [">=", "<="] and one[0].version == one[1].version:
        return [Constraint("=", one[0].version)]
    return one


def _joined(scheme: str, alternatives: Sequence[_Alternative]) -> list[Constraint]:
    """Put alternatives in one row, in order; a start inside one without start is none, and an end likewise.

    Nothing is left where together they are all versions.
    """
    ends = [one for one in alternatives if not any(each.comparator in _LOW for each in one)]
    starts = [one for one in alternatives if not any(each.comparator in _HIGH for each in one)]
    below = [_place(scheme, each) for one in ends for each in one if each.comparator in _HIGH]
    above = [_place(scheme, each) for one in starts for each in one if each.comparator in _LOW]
    if below and above and _meet(max(below), min(above)):
        return []
    kept = [
        each
        for one in alternatives
        for each in one
        if not (each.comparator in _LOW and below and _place(scheme, each)[0] < max(below)[0])
        and not (each.comparator in _HIGH and above and _place(scheme, each)[0] > min(above)[0])
    ]
    return sorted(kept, key=lambda each: _place(scheme, each))


def _meet(end: tuple[versions.Key, int], start: tuple[versions.Key, int]) -> bool:
    return end[0] > start[0] or (end[0] == start[0] and (end[1], start[1]) != (_TIES["<"], _TIES[">"]))


def _place(scheme: str, one: Constraint) -> tuple[versions.Key, int]:
    return versions.key(scheme, one.version), _TIES[one.comparator]


def _npm(text: str) -> Iterator[_Alternative]:
    for part in text.split("||"):
        hyphen = _HYPHEN.fullmatch(part.strip())
        yield _npm_all(f">={hyphen[1]} <={hyphen[2]}" if hyphen else part.strip() or "*")


def _npm_all(text: str) -> list[Constraint]:
    found: list[Constraint] = []
    at = 0
    while at < len(text):
        one = _NPM.match(text, at)
        if not one:
            raise ValueError(f"{text[at : at + 80]!r} is no range of npm")
        found += _npm_one(one)
        at = one.end()
    if len(found) > 1 and any(one.comparator == "=" for one in found):
        raise ValueError(f"{text[:80]!r} asks one version to be another")
    return found


def _npm_one(one: re.Match[str]) -> list[Constraint]:
    sign, star, pre = one[1] or "", one[2], one[6] or ""
    numbers = [int(part) for part in one.groups()[2:5] if part and part.isdecimal()]
    if star or (not numbers and not pre):
        if sign in {">", "<"}:
            raise ValueError("nothing is above or below all versions")
        return [_ANY]
    whole = [*numbers, 0, 0][:3]
    first = ".".join(map(str, whole)) + pre
    missing = len(numbers) < 3  # noqa: PLR2004 (major, minor, patch)
    after = _bumped(whole, len(numbers) - 1)
    if sign == "^":
        places = [at for at, number in enumerate(numbers) if number]
        return _between(first, _bumped(whole, places[0] if places else len(numbers) - 1))
    if sign.startswith("~"):
        return _between(first, _bumped(whole, min(len(numbers), 2) - 1))
    if missing and sign in {"", "="}:
        return _between(first, after)
    if missing and sign in {"<=", ">"}:
        return [Constraint("<" if sign == "<=" else ">=", after)]
    return [Constraint(_comparator(sign), first)]


def _conan(text: str) -> Iterator[_Alternative]:
    for part in text.partition(", include_prerelease")[0].split("||"):
        yield [each for sign, version in _signed(part) for each in _conan_one(sign, version.removesuffix("-"))]


def _conan_one(sign: str, version: str) -> list[Constraint]:
    if version == "*":
        return [Constraint(">=", "0.0.0")]
    if sign not in {"~", "^"}:
        return [Constraint(_comparator(sign), version)]
    numbers = _numbers(version)
    places = [at for at, number in enumerate(numbers) if number]
    place = (places[0] if places else len(numbers) - 1) if sign == "^" else min(len(numbers), 2) - 1
    return _between(version, _bumped(numbers, place, keep=False) + "-")


def _pypi(text: str) -> Iterator[_Alternative]:
    yield list(_pypi_all(text))


def _pypi_all(text: str) -> Iterator[Constraint]:
    for part in text.split(","):
        for sign, version in _signed(part):
            if version.endswith(".*"):
                numbers = _numbers(version.removesuffix(".*"))
                if sign != "==":
                    raise ValueError(f"{part[:80]!r}: a star stands only after ==")
                yield from _between(
                    versions.floor("pep440", version.removesuffix(".*")),
                    versions.floor("pep440", _bumped(numbers, len(numbers) - 1, keep=False)),
                )
            elif sign == "~=":
                yield from _between(version, _pessimistic(version))
            else:
                yield Constraint(_comparator(sign), version)


def _gem(text: str) -> Iterator[_Alternative]:
    found: _Alternative = []
    for part in text.split(","):
        for sign, version in _signed(part):
            if sign == "~>":
                found += _between(version, _pessimistic(version))
            else:
                found.append(Constraint(_comparator(sign), version))
    yield found


def _brackets(text: str) -> Iterator[_Alternative]:
    at = 0
    while at < len(text):
        one = _BRACKETS.match(text, at)
        if not one:
            break
        low, high = one[2].strip(), one[4].strip()
        if not one[3]:
            if not low or one[1] + one[5] != "[]":
                raise ValueError(f"{one[0][:80]!r} is no range in brackets")
            yield [Constraint("=", low)]
        else:
            start = [Constraint(">=" if one[1] == "[" else ">", low)] if low else []
            end = [Constraint("<=" if one[5] == "]" else "<", high)] if high else []
            yield [*start, *end] or [_ANY]
        at = one.end()
    if at < len(text) or not text:
        raise ValueError(f"{text[at : at + 80]!r} is no range in brackets")


def _nuget(text: str) -> Iterator[_Alternative]:
    if _NUMBERS.match(text):
        yield [Constraint(">=", text)]  # a bare version is the lowest one allowed
    else:
        yield from _brackets(text)


def _nginx(text: str) -> Iterator[_Alternative]:
    for part in text.split(","):
        one = _NGINX.fullmatch(part.strip())
        if not one or (one[4] and one[5]):
            raise ValueError(f"{part[:80]!r} is no range of nginx")
        numbers = [int(number) for number in one.group(1, 2, 3)]
        first = ".".join(map(str, numbers))
        if one[5]:
            yield [Constraint(">=", first), Constraint("<=", one[5])]
        elif not one[4]:
            yield [Constraint("=", first)]
        elif numbers[1] % 2:
            yield [Constraint(">=", first)]  # an odd minor number is the mainline
        else:
            yield _between(first, _bumped(numbers, 1))


def _listed(text: str) -> Iterator[_Alternative]:
    for part in text.split(","):
        yield [Constraint("=", part.strip())]


_READERS: dict[str, Callable[[str], Iterator[_Alternative]]] = {
    "npm": _npm,
    "conan": _conan,
    "pypi": _pypi,
    "gem": _gem,
    "nuget": _nuget,
    "maven": _brackets,
    "nginx": _nginx,
    "openssl": _listed,
}


def _signed(text: str) -> Iterator[tuple[str, str]]:
    """Yield sign and version, one after another; a gap between them raises ValueError."""
    rest, at = text.strip(), 0
    while at < len(rest):
        one = _SIGNED.match(rest, at)
        if not one:
            raise ValueError(f"{rest[at : at + 80]!r} is no comparison with a version")
        yield one[1] or "", one[2]
        at = one.end()
    if not rest:
        raise ValueError("an empty range")


_COMPARATORS: dict[str, Comparator] = {
    "": "=",
    "=": "=",
    "==": "=",
    "===": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}


def _comparator(sign: str) -> Comparator:
    if sign not in _COMPARATORS:
        raise ValueError(f"{sign!r} compares nothing here")
    return _COMPARATORS[sign]


def _between(low: str, high: str) -> list[Constraint]:
    return [Constraint(">=", low), Constraint("<", high)]


def _numbers(text: str) -> list[int]:
    found = _NUMBERS.match(text)
    if not found:
        raise ValueError(f"{text[:80]!r} does not begin with a number")
    return [int(part) for part in found[0].split(".")]


def _bumped(numbers: list[int], place: int, *, keep: bool = True) -> str:
    """Return the numbers with one more at `place` and zeros (or nothing) after it."""
    zeros = [0] * (len(numbers) - place - 1) if keep else []
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1, *zeros]))


def _pessimistic(version: str) -> str:
    """Return where `~> 2.0.8` ends: 2.1."""
    numbers = _numbers(version)
    return _bumped(numbers, max(len(numbers) - 2, 0), keep=False)
