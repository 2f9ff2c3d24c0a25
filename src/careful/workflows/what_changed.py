"""What a release changes, against the one before: components, size, known flaws, and what devices may say and reach.

Releases know their components, vulnerabilities the flaws, products what was declared when each was added; here they
meet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from careful import products, releases, vulnerabilities
from careful.kernel.work import World


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came, went or changed; `before` and `after` are empty where it was not or is not there."""

    name: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        """Return came, went or changed."""
        return "came" if not self.before else "went" if not self.after else "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What changed since the release `before`. `flaws` are those that came, went, or of which nobody can tell."""

    before: releases.Release
    components: tuple[Difference, ...]
    size: int
    flaws: tuple[vulnerabilities.Change, ...]
    endpoints: tuple[Difference, ...]
    permissions: tuple[Difference, ...]
    interfaces: tuple[Difference, ...]
    builder: Difference | None


def what_changed(world: World, release: releases.Release) -> Changed | None:
    """Return what a release changes; None for the first of its product."""
    earlier = [
        one
        for one in releases.list_for(world, release.product)
        if one.security_version < release.security_version and one.state != "withdrawn"
    ]
    if not earlier:
        return None
    before = earlier[-1]
    flaws = vulnerabilities.compare(vulnerabilities.held(world, before.id), vulnerabilities.held(world, release.id))
    old, new = (_declared(world, one) for one in (before, release))
    return Changed(
        before=before,
        components=differences(_components(world, before), _components(world, release)),
        size=release.artifact.size - before.artifact.size,
        flaws=tuple(one for one in flaws if one.kind != "stayed"),
        endpoints=differences(_endpoints(old), _endpoints(new)),
        permissions=differences(_permissions(old), _permissions(new)),
        interfaces=differences(_interfaces(old), _interfaces(new)),
        builder=next(iter(differences(_builder(world, before), _builder(world, release))), None),
    )


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return what is not the same on both sides, by name. Pure."""
    names = sorted(before.keys() | after.keys())
    return tuple(
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    )


def _components(world: World, release: releases.Release) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for one in releases.components(world, release.id):
        found.setdefault(one.name, set()).add(one.version or "without a version")
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}


def _declared(world: World, release: releases.Release) -> products.Declaration:
    """Return the declaration that a release is judged by; of one from before that was noted, the one then in force.

    That is the newest approved by then, else the first that ever was.
    """
    if release.declaration is not None:
        return products.parse(products.text_of(world, release.product, release.declaration))
    listed = products.versions(world, release.product)
    approved = [one for one in listed if one.approved_at is not None and one.approved_at <= release.added_at]
    chosen = max(approved, key=lambda one: one.version, default=listed[-1])
    return products.parse(products.text_of(world, release.product, chosen.version))


def _endpoints(declared: products.Declaration) -> dict[str, str]:
    found, _ = products.ways(declared)
    return {
        f"{one.host} {one.protocol}/{one.port}": "opens it to the device" if one.to_device else "the device opens it"
        for one in found
    }


def _permissions(declared: products.Declaration) -> dict[str, str]:
    """Return what devices may say: each field of each stream, and each event."""
    permit = products.permit(declared)
    fields = {
        f"{stream.name}.{name}": _permission(rule)
        for stream in permit.streams.values()
        for name, rule in stream.rules.items()
    }
    return fields | {f"event {name}": _joined(said) for name, said in permit.events.items()}


def _permission(rule: products.FieldRule) -> str:
    consent = {"none": "", "opt_in": ", with consent", "parental": ", with a parent's consent"}[rule.consent]
    return f"{rule.may_be}, {'personal' if rule.personal else 'not personal'}{consent}"


def _interfaces(declared: products.Declaration) -> dict[str, str]:
    return {
        one.id: _joined(part for part in (one.kind, one.reach, one.auth and one.auth.kind) if part) or "not described"
        for one in declared.interfaces or ()
    }


def _builder(world: World, release: releases.Release) -> dict[str, str]:
    found = releases.provenance_of(world, release)
    return {} if found is None else {"builder": f"{found.builder}, {'accepted' if found.accepted else found.why}"}


def _joined(words: Iterable[object]) -> str:
    return ", ".join(sorted(map(str, words))) or "without fields"
