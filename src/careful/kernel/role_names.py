"""The names of the staff's roles, which product files use as well, and what two of them were called before.

What each role may do is in `people/roles.py`. "Owner" means the owner of a device, and nobody else.
"""

from collections.abc import Iterable, Mapping

ROLE_NAMES = (
    "administrator",
    "product-security-lead",
    "release-manager",
    "firmware-engineer",
    "support",
    "privacy-officer",
    "communications",
    "executive",
    "auditor",
    "supplier",
)
RENAMED: Mapping[str, str] = {"owner": "administrator", "engineer": "firmware-engineer"}


def present_names(roles: Iterable[str]) -> tuple[str, ...]:
    """Return what roles are called now; what was written down before the renaming goes on meaning the same people."""
    return tuple(RENAMED.get(role, role) for role in roles)


def what_instead(role: str) -> str:
    """Return what to write in place of a name that is no role."""
    if role in RENAMED:
        return f"`{role}` is called `{RENAMED[role]}` now; write that."
    return f"Write one of: {', '.join(ROLE_NAMES)}."
