"""Keys away from the server: moving them, asking for signatures, taking answers in, replacing a key.

export_keys        keys leave for a folder (a stick, a safe), and the server forgets them
signing_request    the server writes what is to be signed; `careful release sign --offline` signs it anywhere
take_answer        the server takes the answer in: only exactly what it asked for, and only while that is still next
replace_key        a lost or stolen key is replaced by new ones
renew_kept         what nears its end and is signed elsewhere is signed anew
delegate           a repository made by an earlier version gets build and release keys
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner, Key, Signer  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.metadata import Metadata

from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.keys import Keys
from careful.kernel.ledger import Event
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delegation, key_change, publishing, renewal
from careful.updates.delegation import Draft, Tree
from careful.updates.events import KeyReplaced, KeysMoved, ReleasesDelegated
from careful.updates.publishing import Signed
from careful.updates.repository import Repository

_REASON = 300
_ASK_AGAIN = "Ask again; what was asked before is kept no more, or no longer fits."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer led to: `missing` signatures (0: it is done), and the metadata versions in force."""

    product: str
    says: str
    missing: int
    versions: Mapping[str, int]
    signed: Signed | None = None


def export_keys(
    world: World, actor: Actor, product: str, folder: Path, roles: Collection[str] = signing.KEPT_ROLES
) -> tuple[str, ...]:
    """Move a product's keys of `roles` into `folder` and return their names.

    Each key is on disk there before it is erased here. Raises NotFound where there are none, Refused where the folder
    holds another key of that name.
    """
    repository = publishing.ensure_repository(world, product)
    kept = _keyids(repository, roles)
    moving = [(name, one) for name, one in signing.named(world.keys, product) if one.public_key.keyid in kept]
    if not moving:
        raise NotFound(f"The {' and '.join(roles)} keys of {product} are not on this machine.")
    away = Keys(folder)
    for name, _ in moving:
        if not away.has(name):
            away.put(name, world.keys.load(name))
        elif away.public_pem(name) != world.keys.public_pem(name):
            raise Refused(f"{folder} holds another key called {name}.", do="Choose an empty folder.")
    for name, _ in moving:
        _erase(world.keys.path(name))
    keyids = tuple(sorted(one.public_key.keyid for _, one in moving))
    with world.change(actor) as work:
        work.record(KeysMoved(product=product, direction="out", keyids=keyids))
    return tuple(name for name, _ in moving)


def import_keys(world: World, actor: Actor, product: str, folder: Path) -> tuple[str, ...]:
    """Bring a product's keys back from `folder` and return their names. Raises NotFound where none of them is there."""
    repository = publishing.ensure_repository(world, product)
    kept = _keyids(repository, signing.ROLES)
    found = [(name, one) for name, one in signing.named(Keys(folder), product) if one.public_key.keyid in kept]
    if not found:
        raise NotFound(f"No key of {product}'s repository is in {folder}.", do=f"It holds tuf.{product}.*.pem?")
    for name, _ in found:
        if not world.keys.has(name):
            world.keys.put(name, Keys(folder).load(name))
    with world.change(actor) as work:
        keyids = tuple(sorted(one.public_key.keyid for _, one in found))
        work.record(KeysMoved(product=product, direction="in", keyids=keyids))
    return tuple(name for name, _ in found)


def _keyids(repository: Repository, roles: Collection[str]) -> set[str]:
    flat = Tree(repository, repository.in_force()).is_flat
    named = [role for role in roles if role in signing.TOP_ROLES or not flat]
    return {keyid for role in named for keyid in key_change.keyids_of(repository, role)}


def _erase(path: Path) -> None:
    """Overwrite and remove a key file; on journaling or flash storage this is a courtesy, not a proof."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def signing_request(world: World, release_id: str) -> bytes:
    """Return the file that asks for signatures on a release. Raises NotFound, Refused."""
    release = publishing.signable(world, release_id)
    repository = publishing.ensure_repository(world, release.product)
    with repository.locked():
        if publishing.holds_all(world, Tree(repository, repository.newest()), release):
            raise Refused(f"{release.product} {release.version} is signed already.", do="Publish it.")
        return _ask(publishing.draft_release(world, repository, release))


def _ask(draft: Draft) -> bytes:
    request = draft.request()
    draft.tree.repository.keep_pending(request)
    return request


def take_answer(world: World, actor: Actor, product: str, answer: bytes) -> Answered:
    """Take in a signed answer, add the signatures of this server's keys, and do what was asked once it has enough.

    Raises Invalid where the answer says anything else than was asked, Refused where the repository has moved on
    since, NotFound where no signature was added.
    """
    repository = publishing.ensure_repository(world, product)
    with repository.locked():
        draft = _pending(repository, signing.read_request(answer))
        before = draft.lacking
        for one in signing.read_request(answer).documents:
            draft.documents[one.role].signatures.update(Metadata.from_bytes(one.metadata).signatures)
        if draft.lacking == before and before:
            raise NotFound(f"{product}: the answer adds no signature that counts.", do="Have it signed first.")
        draft.sign(publishing.stores_of(world))
        return _go_on(world, actor, draft)


def _pending(repository: Repository, answer: signing.Request) -> Draft:
    """Return what is pending, which `answer` must be about, and which must still be next."""
    if not repository.pending.exists():
        raise Refused(f"Nothing of {repository.product} waits for signatures.", do=_ASK_AGAIN)
    asked = signing.read_request(repository.pending.read_bytes())
    documents: dict[str, Metadata[Any]] = {one.role: Metadata.from_bytes(one.metadata) for one in asked.documents}
    if answer.product != asked.product or answer.purpose != asked.purpose:
        raise Invalid(f"This is asked now: {asked.purpose.get('says')}.", do=_ASK_AGAIN, where="purpose")
    if [one.role for one in answer.documents] != list(documents):
        raise Invalid("The answer has other documents than were asked for.", do=_ASK_AGAIN, where="documents")
    for one in answer.documents:
        mine, its = documents[one.role], Metadata.from_bytes(one.metadata)
        for field in sorted({*mine.signed.to_dict(), *its.signed.to_dict()}):
            if mine.signed.to_dict().get(field) != its.signed.to_dict().get(field):
                raise Invalid(
                    f"The answer says another {field} than was asked.",
                    do=_ASK_AGAIN,
                    where=f"{one.role}.signed.{field}",
                )
    for role, mine in documents.items():
        numbers = repository.numbers(role)
        if mine.signed.version != (numbers[-1] if numbers else 0) + 1:
            raise Refused(f"Other {role} metadata was signed meanwhile.", do=_ASK_AGAIN)
    base = repository.newest() if asked.purpose.get("kind") == "release" else repository.in_force()
    return Draft(repository.root(), Tree(repository, base), documents, asked.purpose)


def _go_on(world: World, actor: Actor, draft: Draft) -> Answered:
    repository, kind = draft.tree.repository, draft.purpose["kind"]
    lacking = draft.lacking
    signed = None
    if kind == "release":
        release = publishing.signable(world, draft.purpose["release"])
        now = publishing.draft_release(world, repository, release)
        for role, one in now.documents.items():
            if role not in draft.documents or not publishing.same(one.signed, draft.documents[role].signed):
                raise Refused("The release, or what else is signed, has changed since.", do=_ASK_AGAIN)
        signed = publishing.accept_release(world, actor, release, draft, {})
    elif lacking:
        repository.keep_pending(draft.request())
    else:
        _carry_out(world, actor, draft)
    return Answered(
        product=repository.product,
        says=draft.purpose["says"],
        missing=max(lacking.values(), default=0),
        versions=publishing.versions(repository),
        signed=signed,
    )


def _carry_out(world: World, actor: Actor, draft: Draft) -> None:
    """Put a change of keys, or a renewal, in force, and tell the ledger."""
    repository, purpose = draft.tree.repository, draft.purpose
    told: list[Event] = []
    replaced = (purpose["role"], *key_change.companions(purpose["role"])) if purpose["kind"] == "replace" else ()
    ended = {role: key_change.keyids_of(repository, role) for role in replaced}
    publishing.write(draft)
    made = list(draft.documents.items())
    made += publishing.put_in_force(repository, publishing.stores_of(world), world.clock.now(), draft.versions)
    product = repository.product
    for role in replaced:
        fresh = key_change.keyids_of(repository, role)
        told.append(KeyReplaced(product=product, role=role, old=ended[role], new=fresh, reason=purpose["reason"]))
    if purpose["kind"] == "delegate":
        keyids = tuple(draft.keyids(delegation.RELEASES))
        told.append(ReleasesDelegated(product=product, keyids=keyids, threshold=len(keyids)))
    with world.change(actor) as work:
        work.record(*told, *publishing.events_of(product, made))


def replace_key(
    world: World,
    actor: Actor,
    product: str,
    role: str,
    reason: str,
    stores: Sequence[signing.KeyStore] = (),
    fresh: Sequence[Key] = (),
) -> dict[str, int]:
    """Replace the key of `role` (all keys of root) by new ones, and return the metadata versions now in force.

    What the old key signed counts no more, for every device that can reach the new metadata. New keys are `fresh`
    (made elsewhere), or made in the first of `stores` (for root, targets and release) or on this server. Raises
    Invalid, and NotFound where too few keys are at hand: then `key_request` asks for signatures.
    """
    repository = publishing.ensure_repository(world, product)
    at_hand = publishing.stores_of(world, stores)
    _check_asked(repository, role, fresh)
    with repository.locked():
        trial = [CryptoSigner.generate_ed25519() for _ in range(key_change.number_of(role))]
        keys = {role: fresh or [one.public_key for one in trial]}
        _check_enough(key_change.change(repository, world.clock.now(), role, keys, _reason(reason)), at_hand, trial)
        draft, made = _key_draft(world, repository, role, reason, stores, fresh)
        draft.sign(at_hand, made)
        _carry_out(world, actor, draft)
        return publishing.versions(repository)


def _check_enough(draft: Draft, at_hand: Collection[signing.KeyStore], fresh: Sequence[Signer]) -> None:
    """Raise NotFound unless the keys at hand can sign all of `draft`; before new ones are made for nothing."""
    draft.sign(at_hand, fresh)
    if draft.lacking:
        needed = ", ".join(f"{count} more for {one}" for one, count in draft.lacking.items())
        role = next(iter(draft.lacking))
        above = role if role in signing.TOP_ROLES else "release"
        raise NotFound(
            f"Too few {above} keys of {draft.tree.repository.product} are at hand: {needed}.",
            do="Name where they are (--keys), or ask for signatures (--request FILE).",
        )


def key_request(
    world: World,
    product: str,
    role: str,
    reason: str,
    stores: Sequence[signing.KeyStore] = (),
    fresh: Sequence[Key] = (),
) -> bytes:
    """Return the file that asks for signatures on the replacement of a key, with those of the keys at hand."""
    repository = publishing.ensure_repository(world, product)
    with repository.locked():
        draft, made = _key_draft(world, repository, role, reason, stores, fresh)
        draft.sign(publishing.stores_of(world, stores), made)
        return _ask(draft)


def _key_draft(
    world: World,
    repository: Repository,
    role: str,
    reason: str,
    stores: Sequence[signing.KeyStore],
    fresh: Sequence[Key],
) -> tuple[Draft, list[Signer]]:
    _check_asked(repository, role, fresh)
    why, number = _reason(reason), key_change.number_of(role)
    made: list[Signer] = []
    keys: dict[str, Sequence[Key]] = {role: fresh} if fresh else {}
    for one in (*(() if fresh else (role,) * number), *key_change.companions(role)):
        store = stores[0] if stores and one in signing.KEPT_ROLES else publishing.home_of(world, one)
        made.append(signing.new_key(store, repository.product, one))
        keys[one] = [*keys.get(one, ()), made[-1].public_key]
    return key_change.change(repository, world.clock.now(), role, keys, why), made


def _check_asked(repository: Repository, role: str, fresh: Sequence[Key]) -> None:
    key_change.keyids_of(repository, role)  # is it a role?
    number = key_change.number_of(role)
    if fresh and len(fresh) != number:
        raise Invalid(f"{role} has {number} keys, and {len(fresh)} new ones are given.", where="new")


def _reason(text: str) -> str:
    why = " ".join(text.split())[:_REASON]
    if not why:
        raise Invalid("A reason is needed.", do="Say why, in a sentence.", where="reason")
    return why


def renew_kept(world: World, actor: Actor, product: str, stores: Sequence[signing.KeyStore]) -> dict[str, int]:
    """Sign anew what is due and signed elsewhere, with the keys in `stores`; return the versions now in force.

    Raises NotFound where they are too few.
    """
    repository = publishing.ensure_repository(world, product)
    with repository.locked():
        for draft in renewal.renewals(repository, world.clock.now()):
            draft.sign(publishing.stores_of(world, stores))
            if draft.lacking:
                raise NotFound(
                    f"Too few keys of {product} are at hand to renew {', '.join(draft.lacking)}.",
                    do="Name where they are (--keys), or ask for signatures (--request FILE).",
                )
            _carry_out(world, actor, draft)
    return publishing.versions(repository)


def renewal_request(world: World, product: str) -> bytes:
    """Return the file that asks for signatures on what is due. Raises Refused where nothing is."""
    repository = publishing.ensure_repository(world, product)
    with repository.locked():
        drafts = renewal.renewals(repository, world.clock.now())
        if not drafts:
            raise Refused(f"Nothing of {product} is due.", do=f"See: careful release status {product}")
        return _ask(drafts[0])


def delegate(world: World, actor: Actor, product: str, stores: Sequence[signing.KeyStore] = ()) -> dict[str, int]:
    """Give a repository made by an earlier version a build, a release and a director key, named by its targets key.

    Devices follow by themselves. Raises Refused where it has them, NotFound where the targets key is elsewhere.
    """
    repository = publishing.ensure_repository(world, product)
    with repository.locked():
        at_hand = publishing.stores_of(world, stores)
        trial = {role: [CryptoSigner.generate_ed25519()] for role in ("build", "release", "director")}
        keys: dict[str, list[Key]] = {role: [one.public_key for one in signers] for role, signers in trial.items()}
        draft = key_change.delegate(repository, world.clock.now(), keys)
        _check_enough(draft, at_hand, [one for signers in trial.values() for one in signers])
        store = stores[0] if stores else world.keys
        held = {
            role: signing.ensure(store if role == "release" else publishing.home_of(world, role), product, role)
            for role in trial
        }
        keys = {role: [one.public_key for one in signers] for role, signers in held.items()}
        draft = key_change.delegate(repository, world.clock.now(), keys)
        draft.sign(at_hand, [one for signers in held.values() for one in signers])
        _carry_out(world, actor, draft)
        return publishing.versions(repository)
