"""Making a detection out of what a rule found."""

from careful.monitoring.model import Action, Detection, LimitFrom, Window

_CAUSE_MOST = 200
_SAYS_MOST = 500
NAME_MOST = 80


def fired(
    rule: str,
    window: Window,
    observed: float,
    limit: float,
    limit_from: LimitFrom,
    says: str,
    action: Action,
    cause: str = "",
    names: tuple[str, ...] = (),
    *,
    is_fresh: bool = False,
) -> Detection:
    """Return the detection; its cause is the rule, the product and `cause`, which names no device."""
    parts = [rule, window.product, *([cause] if cause else [])]
    named = _printable("|".join(parts))[:_CAUSE_MOST]
    return Detection(
        rule, window.device, window.end, observed, limit, limit_from, _printable(says)[:_SAYS_MOST], named, action,
        tuple(_printable(one)[:NAME_MOST] for one in names), is_fresh,
    )  # fmt: skip


def _printable(text: str) -> str:
    """Replace what no database or page can show: a device chooses the names of the fields that it should not send."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def number(value: float) -> str:
    """Write a number for a sentence."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004


def times(count: float) -> str:
    """Write how often for a sentence."""
    return "once" if count == 1 else f"{number(count)} times"


def size(count: float) -> str:
    """Write a number of bytes for a sentence."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":  # noqa: PLR2004
            break
        count /= 1000
    return f"{number(count)} {unit}"
