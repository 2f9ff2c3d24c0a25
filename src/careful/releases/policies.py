"""Setting and asking what a product's releases must show."""

import hashlib
import json
from collections.abc import Callable

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World
from careful.releases import policy as policies
from careful.releases import trust_store
from careful.releases.events import PolicySet
from careful.releases.policy import Policy


def policy(world: World, product: str) -> Policy:
    """Return what the product asks of its releases; the empty policy where none was set."""
    with world.look() as connection:
        row = trust_store.get(connection, trust_store.policy, product)
    return Policy() if row is None else Policy.from_json(row.policy)


def set_policy(
    world: World, actor: Actor, product: str, content: bytes, load: Callable[[str], str] | None = None
) -> Policy:
    """Put a policy (TOML) in force for releases to come; the same again changes nothing. Raises Invalid, NotFound."""
    products.get(world, product)
    found = policies.read(content, load or _not_here)
    plain = found.to_json()
    with world.change(actor) as work:
        there = trust_store.get(work.connection, trust_store.policy, product)
        if there is None or Policy.from_json(there.policy) != found:
            trust_store.put(work.connection, trust_store.policy, product, policy=plain, set_at=work.now)
            digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
            work.record(
                PolicySet(
                    product=product,
                    digest=digest,
                    signers=tuple(one.sha256 for one in found.signers),
                    builders=tuple(one.id for one in found.builders),
                    required=found.provenance_required,
                )
            )
    return found


def _not_here(entry: str) -> str:
    raise Invalid(f"{entry[:200]!r} names a file.", do="Put the PEM itself there.")
