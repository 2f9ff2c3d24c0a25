"""Whether somebody may read a field for a purpose, and why not; pure.

The purpose must be declared for the field, by the version of the product file under which the device sent it and by the
one in force now; and a role of whoever asks must be among its `access_roles`. A personal field without any is read by
nobody.
"""

from collections.abc import Collection, Iterable

from careful.products import FieldRule, Stream

NOT_DECLARED = "not declared any more"
OTHER_PURPOSE = "not collected for this purpose"
OTHER_ROLE = "not for a role of yours"
NO_ROLE = "no role is declared to read it"
ENDED = "the customer's time has ended"
NO_KEY = "its key does not open"


def withheld(rules: Iterable[FieldRule | None], purpose: str, roles: Collection[str]) -> str:
    """Return why a field may not be read by the rules that hold for it; "" where it may."""
    for rule in rules:
        if rule is None:
            return NOT_DECLARED
        if purpose not in rule.purpose:
            return OTHER_PURPOSE
        if not rule.access_roles and rule.personal:
            return NO_ROLE
        if rule.access_roles and not set(rule.access_roles) & set(roles):
            return OTHER_ROLE
    return ""


def purposes_of(streams: Iterable[Stream]) -> tuple[str, ...]:
    """Return every purpose that is declared for any field."""
    return tuple(sorted({purpose for stream in streams for rule in stream.rules.values() for purpose in rule.purpose}))
