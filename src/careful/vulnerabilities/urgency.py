"""Why a flaw is urgent, in sentences that a person can weigh and no score of ours; pure.

What is known is said in a fixed order: how soon it is due, whether it is exploited, how likely that is (EPSS), what an
attacker needs (the CVSS vector, versions 2 to 4), from where the product can be reached (its declaration), how much of
the fleet has it, and whether a release mends it. What is not known is said too. `explain` says it in sentences, `brief`
the same facts in one line for a list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor

REACHES = ("internet", "lan", "near", "physical")
"""The widest first (see `interfaces[].reach` in the product file)."""
_FROM = {
    "internet": "the internet",
    "lan": "the home network",
    "near": "a few metres away",
    "physical": "the device itself, by hand",
}
_ACCESS = {
    "N": "over a network",
    "A": "from the same network or a few metres away",
    "L": "only with access to the device's system",
    "P": "only by hand",
}
_IN_SHORT = {"N": "over a network", "A": "from nearby", "L": "from inside the device", "P": "by hand"}
_VERSIONS = (("CVSS:4.0/", "4.0"), ("CVSS:3.1/", "3.1"), ("CVSS:3.0/", "3.0"))
_LIKELY = 0.1  # FIRST publishes the probability; above it, one flaw in ten or more is exploited within 30 days


@dataclass(frozen=True, slots=True)
class Said:
    """Who of the maker's people says that a flaw is exploited, since when that is known, and how."""

    by: str
    since: datetime
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one case. `epss` is score and percentile (0 to 1); `reach` is of the declared interfaces.

    `exploited_since` None: the catalogue does not list it; `heard`: it did once, and the case is counted as exploited.
    """

    due: datetime
    exploited_since: str | None
    epss: tuple[float, float] | None
    severity: str
    vector: str
    reach: Sequence[str]
    exposed: int
    fleet: int
    fixed_in: str | None
    heard: bool = False
    ssvc: str = ""
    said: Said | None = None


def explain(known: Known, now: datetime) -> tuple[str, ...]:
    """Return the reasons, in their fixed order."""
    return (
        _due(known.due, now),
        _exploited(known),
        _access(known.severity, known.vector),
        _reach(known.reach),
        _share(known.exposed, known.fleet),
        f"{known.fixed_in} mends it." if known.fixed_in else "No release mends it yet.",
    )


def brief(known: Known) -> str:
    """Return the same facts in one line, without the due date, which has a place of its own in lists."""
    access = _read(known.vector)
    widest = _widest(known.reach)
    return "; ".join(
        (
            _exploited_in_short(known),
            ", ".join((_IN_SHORT[access.way], access.account)) if access else "attacker's needs not known",
            f"reached from {_FROM[widest]}" if widest else "reach not declared",
            _share_in_short(known.exposed, known.fleet),
            f"{known.fixed_in} mends it" if known.fixed_in else "no fix yet",
        )
    )


def _due(due: datetime, now: datetime) -> str:
    hours = (due - now).total_seconds() / 3600
    if hours < 0:
        return f"It was due {_span(-hours)} ago."
    return f"It is due in {_span(hours)}."


def _span(hours: float) -> str:
    number, unit = (ceil(hours), "hour") if hours <= 48 else (ceil(hours / 24), "day")  # noqa: PLR2004 (two days)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _exploited(known: Known) -> str:
    catalogue = "CISA's catalogue of exploited flaws"
    if known.exploited_since is not None:
        since = f" since {known.exploited_since}" if known.exploited_since else ""
        return f"It is exploited in the wild: in CISA's catalogue{since}."
    if known.heard:
        return f"It is exploited in the wild: a feed said so, though {catalogue} does not list it now."
    if known.said is not None:
        said = known.said
        return (
            f"It is exploited, says {said.by}, known since {said.since:%Y-%m-%d %H:%M} UTC: {_ended(said.how)} "
            f"{catalogue} does not list it."
        )
    active = known.ssvc.lower().startswith("active")
    attacks = " CISA counts attacks as under way, in the CVE's own record (SSVC)." if active else ""
    if known.epss is None:
        return f"It is not in {catalogue}; how likely exploitation is, is not known here.{attacks}"
    score, percentile = known.epss
    word = "likely" if score >= _LIKELY else "not likely"
    return (
        f"It is not in CISA's catalogue; exploitation within 30 days is {word}: {score:.1%} (EPSS), "
        f"more than for {floor(percentile * 100)}% of all flaws.{attacks}"
    )


def _exploited_in_short(known: Known) -> str:
    if known.exploited_since is not None:
        return f"exploited, listed by CISA since {known.exploited_since}" if known.exploited_since else "exploited"
    if known.heard:
        return "exploited"
    if known.said is not None:
        return f"exploited, says {known.said.by}, since {known.said.since:%Y-%m-%d}"
    if known.ssvc.lower().startswith("active"):
        return "attacks under way (SSVC)"
    return f"EPSS {known.epss[0]:.1%}" if known.epss else "EPSS not known"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


@dataclass(frozen=True, slots=True)
class _Access:
    """What a CVSS vector says of the way in, the account that it takes, and whose help ("" where it does not say)."""

    way: str
    account: str
    helped: str
    version: str


def _read(vector: str) -> _Access | None:
    parts = dict(part.partition(":")[::2] for part in vector.strip("()").split("/"))
    version = next((number for sign, number in _VERSIONS if vector.startswith(sign)), "2.0" if "Au" in parts else "")
    way = parts.get("AV", "")
    if way not in _ACCESS or not version:
        return None
    needs = {"N": "without an account", "L": "with an account", "H": "with an administrator's account"}
    account = needs.get(parts.get("PR", parts.get("Au", "")), "with an account")
    helped = ("with nobody's help" if parts["UI"] == "N" else "when somebody is made to help") if "UI" in parts else ""
    return _Access(way, account, helped, version)


def _access(severity: str, vector: str) -> str:
    said = f"Severity {severity}" if severity != "unknown" else "Its severity is not known"
    access = _read(vector)
    if access is None:
        return f"{said}; what an attacker needs is not known."
    words = [_ACCESS[access.way], access.account, *([access.helped] if access.helped else [])]
    return f"{said}; an attacker gets in {', '.join(words)} (CVSS {access.version})."


def _widest(reach: Sequence[str]) -> str | None:
    return next((one for one in REACHES if one in reach), None)


def _reach(reach: Sequence[str]) -> str:
    widest = _widest(reach)
    if widest is None:
        return "From where the product can be reached is not declared."
    return f"The product can be reached from {_FROM[widest]}, as declared."


def _share(exposed: int, fleet: int) -> str:
    if not fleet:
        return "No device of the product is known yet."
    if not exposed:
        return f"None of {fleet:,} devices runs it."
    return f"{exposed:,} of {fleet:,} devices run{'s' if exposed == 1 else ''} it ({exposed / fleet:.0%})."


def _share_in_short(exposed: int, fleet: int) -> str:
    if not fleet:
        return "no device known"
    if not exposed:
        return f"none of {fleet:,} devices"
    return f"{exposed:,} of {fleet:,} devices ({exposed / fleet:.0%})"
