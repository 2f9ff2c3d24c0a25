"""Keeping attestations with their releases, and asking for them before a release is signed."""

from careful.kernel.actors import Actor
from careful.kernel.errors import NotFound, Refused
from careful.kernel.work import World
from careful.releases import artifacts, policies, provenance, queries, trust_store
from careful.releases.events import ProvenanceAdded
from careful.releases.model import Release
from careful.releases.provenance import Provenance


def add_provenance(world: World, actor: Actor, release_id: str, content: bytes) -> Provenance:
    """Keep an attestation about a release's image; the same again changes nothing.

    Where the product's policy names builders, only what it takes is kept. Raises Invalid, NotFound, TooLarge, Refused.
    """
    release = queries.by_id(world, release_id)
    policy = policies.policy(world, release.product)
    found = provenance.judge(content, release.artifact.sha256, policy)
    if policy.builders and not found.accepted:
        raise Refused(
            f"The provenance of {release.product} {release.version} is not taken. {found.why}",
            do=f"See: careful release policy {release.product}",
            where="provenance",
        )
    digest = artifacts.keep_bytes(world.home, content)
    with world.change(actor) as work:
        there = trust_store.get(work.connection, trust_store.provenance, release.id)
        if there is None or there.sha256 != digest:
            trust_store.put(
                work.connection,
                trust_store.provenance,
                release.id,
                sha256=digest,
                facts=found.to_json(),
                added_at=work.now,
            )
            work.record(
                ProvenanceAdded(
                    release=release.id,
                    product=release.product,
                    version=release.version,
                    attestation=digest,
                    builder=found.builder,
                    keyid=found.keyid,
                    accepted=found.accepted,
                )
            )
    return found


def provenance_bytes(world: World, release_id: str) -> bytes:
    """Return a release's attestation, byte for byte as it was handed in. Raises NotFound."""
    with world.look() as connection:
        row = trust_store.get(connection, trust_store.provenance, release_id)
    if row is None:
        raise NotFound("This release has no provenance.", do="Add it: careful release provenance PRODUCT VERSION FILE")
    return queries.sound_path(world, row.sha256).read_bytes()


def provenance_of(world: World, release: Release) -> Provenance | None:
    """Return what a release's attestation says, judged by the policy as it is now; None where there is none."""
    try:
        content = provenance_bytes(world, release.id)
    except NotFound:
        return None
    return provenance.judge(content, release.artifact.sha256, policies.policy(world, release.product))


def must_be_proven(world: World, release: Release) -> None:
    """Raise Refused where the product asks for provenance and the release has none that is taken."""
    if not policies.policy(world, release.product).provenance_required:
        return
    found = provenance_of(world, release)
    if found is None or not found.accepted:
        why = "has no provenance" if found is None else f"has no provenance that is taken. {found.why}"
        raise Refused(
            f"{release.product} {release.version} {why.removesuffix('.')}.",
            do=f"Add it: careful release provenance {release.product} {release.version} FILE",
        )
