"""Who may do what: one table, role x resource x verb. What is not in it is refused.

`tests/rules/permissions.txt` is a checked-in copy; whoever changes a right changes both, in the open.
"""

from collections.abc import Iterable, Mapping

VERBS: Mapping[str, tuple[str, ...]] = {
    "products": ("read", "declare", "approve", "publish", "sell"),
    "releases": ("read", "add", "sign", "publish", "withdraw", "countersign"),
    "devices": ("read", "enrol", "own", "quarantine", "restore", "revoke", "retire"),
    # read: how data is kept and who read it; open: the values, where the declaration names role and purpose as well.
    # request: answering what customers ask for; release: handing de-identified data to others.
    # break-glass: opening all of one customer in an emergency; told to them.
    "data": ("read", "open", "end", "consent", "request", "release", "countersign", "break-glass"),
    "cases": ("read", "feed", "judge", "account", "close", "countersign"),
    "rollouts": ("read", "start", "halt", "resume", "drill", "countersign"),
    "notices": ("read", "draft", "publish", "tell"),
    "obligations": ("read", "note", "submit", "drill"),
    "watch": ("read", "judge", "cut", "drill"),
    "evidence": ("read", "export"),
    "staff": ("read", "invite", "change", "end-sessions", "countersign"),
    # What waits for a second person; agreeing is `countersign` of what it is about, asking is the act's own right.
    "approvals": ("read", "refuse"),
    "settings": ("read", "change"),
    # issue: tokens of one's own; revoke: anybody's; trust: whose word on CI jobs counts.
    "tokens": ("read", "issue", "revoke", "trust"),
    # change: their record, contracts, whose evidence counts, who answers for them; ask: what they are asked for.
    "suppliers": ("read", "change", "ask"),
    # What a supplier is asked for, by the supplier: never anybody else's.
    "own-items": ("read", "answer"),
}
"""Every resource with its verbs; an API scope is written `resource:verb`.

`countersign`: being the second person for what needs two (`pending.py`).
"""

_ALL = {resource: frozenset(verbs) for resource, verbs in VERBS.items() if resource != "own-items"}
_READ = {resource: frozenset({"read"}) for resource in _ALL}

ROLES: Mapping[str, Mapping[str, frozenset[str]]] = {
    # Runs the installation: staff, tokens, settings. May do all else too, where a second person does not have to agree.
    "administrator": _ALL,
    # Answers for the security of the products: judges flaws, follows the watch, tells owners and authorities.
    "product-security-lead": {
        "products": frozenset({"read", "declare", "approve"}),
        "releases": frozenset({"read", "withdraw", "countersign"}),
        "devices": frozenset({"read", "quarantine", "restore", "revoke"}),
        "data": frozenset({"read"}),
        "cases": frozenset({"read", "feed", "judge", "account", "close", "countersign"}),
        "rollouts": frozenset({"read", "halt", "drill", "countersign"}),
        "notices": frozenset({"read", "draft", "publish", "tell"}),
        "obligations": frozenset({"read", "note", "submit", "drill"}),
        "watch": frozenset({"read", "judge", "cut", "drill"}),
        "evidence": frozenset({"read", "export"}),
        "staff": frozenset({"read", "countersign"}),
        "settings": frozenset({"read"}),
        "tokens": frozenset({"read", "issue"}),
        "approvals": frozenset({"read", "refuse"}),
        "suppliers": frozenset({"read", "change", "ask"}),
    },
    # Brings what engineers built and signed to devices; builds and signs nothing.
    "release-manager": {
        "products": frozenset({"read"}),
        "releases": frozenset({"read", "publish", "withdraw", "countersign"}),
        "devices": frozenset({"read"}),
        "cases": frozenset({"read"}),
        "rollouts": frozenset({"read", "start", "halt", "resume", "drill", "countersign"}),
        "notices": frozenset({"read"}),
        "watch": frozenset({"read"}),
        "evidence": frozenset({"read"}),
        "settings": frozenset({"read"}),
        "tokens": frozenset({"issue"}),
        "approvals": frozenset({"read", "refuse"}),
        "suppliers": frozenset({"read"}),
    },
    # Builds and mends: everything technical. What leaves the house in the maker's name is another's word.
    "firmware-engineer": {
        "products": frozenset({"read", "declare"}),
        "releases": frozenset({"read", "add", "sign", "withdraw"}),
        "devices": frozenset({"read", "enrol", "quarantine", "restore", "revoke", "retire"}),
        "data": frozenset({"read", "open"}),
        "cases": frozenset({"read", "feed", "judge", "account"}),
        "rollouts": frozenset({"read", "start", "halt", "resume", "drill"}),
        "notices": frozenset({"read", "draft"}),
        "obligations": frozenset({"read", "note", "drill"}),
        "watch": frozenset({"read", "judge", "cut", "drill"}),
        "evidence": frozenset({"read"}),
        "settings": frozenset({"read"}),
        "tokens": frozenset({"issue"}),
        "approvals": frozenset({"read", "refuse"}),
        "suppliers": frozenset({"read"}),
    },
    # Talks with device owners.
    "support": {
        "products": frozenset({"read"}),
        "releases": frozenset({"read"}),
        "devices": frozenset({"read", "own", "quarantine"}),
        "data": frozenset({"read", "open", "end", "consent", "request", "break-glass"}),
        "cases": frozenset({"read", "account"}),
        "rollouts": frozenset({"read"}),
        "notices": frozenset({"read", "draft"}),
        "obligations": frozenset({"read", "note"}),
        "watch": frozenset({"read"}),
        "evidence": frozenset({"read"}),
        "approvals": frozenset({"read", "refuse"}),
    },
    # Answers for customers' data: what they ask for, consents, deletion, de-identified sets.
    "privacy-officer": {
        "products": frozenset({"read"}),
        "devices": frozenset({"read"}),
        "data": frozenset({"read", "open", "end", "consent", "request", "release", "countersign", "break-glass"}),
        "cases": frozenset({"read"}),
        "notices": frozenset({"read", "draft"}),
        "obligations": frozenset({"read", "note", "submit", "drill"}),
        "watch": frozenset({"read"}),
        "evidence": frozenset({"read", "export"}),
        "approvals": frozenset({"read", "refuse"}),
        "suppliers": frozenset({"read", "change", "ask"}),
    },
    # Says it to the world: notices, and what is sold with which words. Sees no device and no customer.
    "communications": {
        "products": frozenset({"read"}),
        "releases": frozenset({"read"}),
        "cases": frozenset({"read"}),
        "notices": frozenset({"read", "draft", "publish", "tell"}),
        "obligations": frozenset({"read"}),
        "evidence": frozenset({"read"}),
    },
    # Answers for it all by name: approves, submits, and may stop a rollout; sees no customer's values.
    "executive": {
        **_READ,
        "products": frozenset({"read", "approve", "publish", "sell"}),
        "releases": frozenset({"read", "countersign"}),
        "cases": frozenset({"read", "countersign"}),
        "data": frozenset({"read", "countersign"}),
        "staff": frozenset({"read", "countersign"}),
        "rollouts": frozenset({"read", "halt", "countersign"}),
        "obligations": frozenset({"read", "submit"}),
        "evidence": frozenset({"read", "export"}),
        "approvals": frozenset({"read", "refuse"}),
    },
    # Sees everything, changes nothing.
    "auditor": {**_READ, "evidence": frozenset({"read", "export"})},
    # Another company's person: reads and answers what they themselves were asked, and nothing else.
    "supplier": {"own-items": frozenset({"read", "answer"})},
}


def allowed(roles: Iterable[str], resource: str, verb: str) -> bool:
    """Tell whether any of `roles` may do `verb` on `resource`; unknown names are simply not allowed."""
    return any(verb in ROLES.get(role, {}).get(resource, frozenset()) for role in roles)


def all_scopes() -> frozenset[str]:
    """Return every scope there is, as `resource:verb`."""
    return frozenset(f"{resource}:{verb}" for resource, verbs in VERBS.items() for verb in verbs)


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """Return the scopes that `roles` hold together."""
    held = tuple(roles)
    return frozenset(scope for scope in all_scopes() if allowed(held, *scope.split(":", 1)))


def as_text() -> str:
    """Return the table as lines `role resource verb verb …`, sorted, for the checked-in copy."""
    lines = [
        f"{role} {resource} {' '.join(verb for verb in VERBS[resource] if verb in verbs)}"
        for role, rights in ROLES.items()
        for resource, verbs in rights.items()
    ]
    return "\n".join(sorted(lines)) + "\n"
