"""Why a flaw is urgent, in sentences that a person can weigh and no score of ours; pure.

What is known is said in a fixed order: how soon it is due, whether it is exploited, how likely that is (EPSS), what an
attacker needs (the CVSS vector, versions 2 to 4), from where the product can be reached (its declaration), how much of
the fleet has it, and whether a release mends it. What is not known is said too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

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
_VERSIONS = (("CVSS:4.0/", "4.0"), ("CVSS:3.1/", "3.1"), ("CVSS:3.0/", "3.0"))
_LIKELY = 0.1  # FIRST publishes the probability; above it, one flaw in ten or more is exploited within 30 days


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one case. `epss` is score and percentile (0 to 1); `reach` is of the declared interfaces."""

    due: datetime
    exploited_since: str | None
    epss: tuple[float, float] | None
    severity: str
    vector: str
    reach: Sequence[str]
    exposed: int
    fleet: int
    fixed_in: str | None


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


def _due(due: datetime, now: datetime) -> str:
    hours = (due - now).total_seconds() / 3600
    if hours < 0:
        return f"It was due {_span(-hours)} ago."
    return f"It is due in {_span(hours)}."


def _span(hours: float) -> str:
    number, unit = (ceil(hours), "hour") if hours <= 48 else (ceil(hours / 24), "day")  # noqa: PLR2004 (two days)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _exploited(known: Known) -> str:
    if known.exploited_since is not None:
        since = f" since {known.exploited_since}" if known.exploited_since else ""
        return f"It is exploited in the wild: in CISA's catalogue{since}."
    if known.epss is None:
        return "It is not in CISA's catalogue of exploited flaws; how likely exploitation is, is not known here."
    score, percentile = known.epss
    word = "likely" if score >= _LIKELY else "not likely"
    return (
        f"It is not in CISA's catalogue; exploitation within 30 days is {word}: {score:.1%} (EPSS), "
        f"more than for {percentile:.0%} of all flaws."
    )


def _access(severity: str, vector: str) -> str:
    said = f"Severity {severity}" if severity != "unknown" else "Its severity is not known"
    parts = dict(part.partition(":")[::2] for part in vector.strip("()").split("/"))
    version = next((number for sign, number in _VERSIONS if vector.startswith(sign)), "2.0" if "Au" in parts else "")
    access = _ACCESS.get(parts.get("AV", ""))
    if access is None or not version:
        return f"{said}; what an attacker needs is not known."
    account = parts.get("PR", parts.get("Au", ""))
    needs = {"N": "without an account", "L": "with an account", "H": "with an administrator's account"}
    words = [access, needs.get(account, "with an account")]
    if "UI" in parts:
        words.append("with nobody's help" if parts["UI"] == "N" else "when somebody is made to help")
    return f"{said}; an attacker gets in {', '.join(words)} (CVSS {version})."


def _reach(reach: Sequence[str]) -> str:
    widest = next((one for one in REACHES if one in reach), None)
    if widest is None:
        return "From where the product can be reached is not declared."
    return f"The product can be reached from {_FROM[widest]}, as declared."


def _share(exposed: int, fleet: int) -> str:
    if not fleet:
        return "No device of the product is known yet."
    if not exposed:
        return f"None of {fleet:,} devices runs it."
    return f"{exposed:,} of {fleet:,} devices run{'s' if exposed == 1 else ''} it ({exposed / fleet:.0%})."
