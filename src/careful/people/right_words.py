"""The table of rights in words, for the console and the docs."""

from collections.abc import Mapping

from careful.people.roles import ROLES, VERBS

ROLE_SAYS: Mapping[str, str] = {
    "administrator": "Runs the installation: staff, tokens, settings; may do all else too, by two where it takes two.",
    "product-security-lead": "Answers for the security of the products: judges flaws, follows the watch, tells owners.",
    "release-manager": "Brings what engineers built and signed to devices; builds and signs nothing.",
    "firmware-engineer": "Builds and mends: everything technical. What leaves the house is another's word.",
    "support": "Talks with device owners.",
    "privacy-officer": "Answers for customers' data: requests, consents, deletion, de-identified sets.",
    "communications": "Says it to the world. Sees no device and no customer.",
    "executive": "Answers for it all by name: approves, submits, is the second person; sees no customer's values.",
    "auditor": "Sees everything and takes evidence away; changes nothing.",
    "supplier": "Another company's person: reads and answers what they themselves were asked.",
}
RESOURCE_SAYS: Mapping[str, str] = {
    "products": "product files, product pages, what is on sale",
    "releases": "builds, signatures, what is published",
    "devices": "devices, their certificates and owners' wishes",
    "data": "what devices said, by purpose; customers' requests",
    "cases": "known flaws and what they mean",
    "rollouts": "bringing releases to devices",
    "notices": "what owners and the world are told",
    "obligations": "what the law wants reported",
    "watch": "what devices did that was not declared",
    "evidence": "verdicts and the ledger",
    "staff": "people and their roles",
    "approvals": "what waits for a second person",
    "settings": "how the installation is set",
    "tokens": "API tokens, and whose word on CI jobs counts",
    "suppliers": "who else gets data: evidence, contracts, what each owes",
    "own-items": "what a supplier was asked for",
}


def words_of(resource: str) -> str:
    """Return what a resource is, in a few words."""
    return RESOURCE_SAYS.get(resource, resource.replace("-", " "))


def rows() -> list[tuple[str, str, tuple[tuple[str, ...], ...]]]:
    """Return resource and its words, and for each role, in order, the verbs it may do."""
    return [
        (
            resource,
            words_of(resource),
            tuple(tuple(verb for verb in verbs if verb in held.get(resource, ())) for held in ROLES.values()),
        )
        for resource, verbs in VERBS.items()
    ]


def as_markdown() -> str:
    """Return the page `docs/roles.md`."""
    roles = "\n".join(f"| `{role}` | {says} |" for role, says in ROLE_SAYS.items())
    tables = "\n\n".join(_table(*row) for row in rows())
    return f"""# Roles

Who may do what. Written from the table in `src/careful/people/roles.py` by `python tests/docs_tables.py`; what is not
in it is refused. The same is in the console under *Roles*. `countersign` is being the second person
([two-people.md](two-people.md)). Every route of the console asks for the right in `tests/rules/routes.txt`, every
operation of the API for the scope that OpenAPI names; tests walk all of them with every role.

| role | what for |
|---|---|
{roles}

{tables}
"""


def _table(resource: str, says: str, held: tuple[tuple[str, ...], ...]) -> str:
    lines = [f"| `{role}` | {', '.join(verbs)} |" for role, verbs in zip(ROLES, held, strict=True) if verbs]
    return f"## {resource}\n\n{says[0].upper()}{says[1:]}.\n\n| role | may |\n|---|---|\n" + "\n".join(lines)
