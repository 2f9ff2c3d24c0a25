"""Keeping signed metadata in force: renewing what nears its end, and warning where its keys are elsewhere.

A step of a reconciler: it looks at each repository, signs anew what it can, mends what a crash or a new key left
undone, and says once in the ledger what only a person with a key can renew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tuf.api.metadata import Metadata, Root  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful import products
from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delegation, publishing
from careful.updates import repository as files
from careful.updates.delegation import Draft, Tree
from careful.updates.events import MetadataExpiring
from careful.updates.repository import Repository

_SOON = {"root": 1 / 8, "targets": 1 / 8, "snapshot": 1 / 4, "timestamp": 1 / 4}
"""The last part of a role's life, in which it must have been renewed long ago."""
_AT_LEAST = timedelta(hours=1)
_AGAIN = timedelta(minutes=5)
_ONLINE = ("snapshot", "timestamp")
"""Roles that a worker renews as soon as they are due; that they are tells nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Metadata in force that should have been signed anew by now, and was not: its keys are elsewhere, or nobody works.

    `state`: `due` (time enough), `soon` (the last eighth of its life) or `expired` (devices install nothing).
    """

    product: str
    role: str
    version: int
    expires: datetime
    state: Literal["due", "soon", "expired"]
    do: str


def renew(world: World) -> int:
    """Sign anew what nears its end, in every product's repository, with the keys that are here; return how much.

    A role whose keys are elsewhere is left alone, and told in the ledger once.
    """
    return sum(
        _renew(world, one.id) for one in products.list_all(world) if publishing.repository_dir(world, one.id).exists()
    )


class Renewer:
    """`renew` for a worker that asks every second: it looks closely only where something changed, or is due."""

    def __init__(self) -> None:
        self._calm: dict[str, tuple[tuple[int, ...], datetime]] = {}

    def advance(self, world: World) -> int:
        """Do what `renew` does."""
        done, now = 0, world.clock.now()
        for one in products.list_all(world):
            repository = Repository(publishing.repository_dir(world, one.id), one.id)
            if not repository.exists():
                continue
            seen, until = self._calm.get(one.id, ((), now))
            if seen != repository.mark() or now >= until:
                done += _renew(world, one.id)
                self._calm[one.id] = (repository.mark(), _next_look(repository, now))
        return done


def _next_look(repository: Repository, now: datetime) -> datetime:
    """Return when something is due; soon again where it is due and its keys are elsewhere: they may come back."""
    first = min(files.due_at(one) for _, one in _in_force(repository))
    return min(first, now + _AT_LEAST) if first > now else now + _AGAIN


def _renew(world: World, product: str) -> int:
    repository = Repository(publishing.repository_dir(world, product), product)
    if not repository.exists():
        return 0
    now = world.clock.now()
    stores = publishing.stores_of(world)
    with repository.locked():
        made = _renew_kept(repository, stores, now)
        wanted = repository.newest() if made and made[-1][0] != "root" else _mended(repository)
        root = repository.root()
        online = (repository.snapshot(), repository.timestamp())
        stale = any(files.is_due(one, now) or not signing.verifies(root.signed, one.signed.type, one) for one in online)
        if stale or wanted != repository.in_force():
            # A snapshot is small and a timestamp must follow it, so the two are always made together.
            made += publishing.put_in_force(repository, stores, now, wanted)
    late = _untold(world, product)
    if made or late:
        with world.change(SYSTEM) as work:
            work.record(*publishing.events_of(product, made), *late)
    return len(made)


def _renew_kept(
    repository: Repository, stores: list[signing.KeyStore], now: datetime
) -> list[tuple[str, Metadata[Any]]]:
    """Sign what is kept elsewhere anew, where it is due and enough of its keys are here."""
    made: list[tuple[str, Metadata[Any]]] = []
    for draft in renewals(repository, now):
        draft.sign(stores)
        if not draft.lacking:
            publishing.write(draft)
            made += list(draft.documents.items())
    return made


def renewals(repository: Repository, now: datetime) -> list[Draft]:
    """Return what is due: root, and what says that releases are genuine, with the content that is in force."""
    drafts = []
    root, tree = repository.root(), Tree(repository, _mended(repository))
    if files.is_due(root, now):
        fresh = Metadata(Root.from_dict(root.signed.to_dict()))
        fresh.signed.version += 1
        fresh.signed.expires = files.expiry("root", now)
        drafts.append(Draft(root, tree, {"root": fresh}, _purpose(repository, "root")))
    documents = {role: delegation.again(tree, now, role) for role in tree.roles if _wants(root, tree, role, now)}
    if documents:
        drafts.append(Draft(root, tree, documents, _purpose(repository, "targets")))
    return drafts


def _purpose(repository: Repository, what: str) -> dict[str, str]:
    return {"kind": "renew", "what": what, "says": f"Renewal of {what} of {repository.product}, as it is in force"}


def _wants(root: Metadata[Root], tree: Tree, role: str, now: datetime) -> bool:
    authority = Draft(root, tree, {}, {}).authorities(role)[-1]
    one = tree.metadata(role)
    return files.is_due(one, now) or not signing.verifies(authority, role, one)


def _mended(repository: Repository) -> dict[str, int]:
    """Return what is in force, or the next set whose signatures count, where those in force count no more."""
    root, now = repository.root(), repository.in_force()
    for versions in (now, *(one for one in repository.signed_sets() if one != now)):
        tree = Tree(repository, versions)
        draft = Draft(root, tree, {}, {})
        if all(signing.verifies(draft.authorities(role)[-1], role, tree.metadata(role)) for role in tree.roles):
            return versions
    return now


def expiring(world: World, product: str = "") -> list[Expiring]:
    """Return what should have been signed anew by now and was not, of one product or of all, the first to end first."""
    found = []
    for one in products.list_all(world):
        repository = Repository(publishing.repository_dir(world, one.id), one.id)
        if product in {"", one.id} and repository.exists():
            found += _expiring(repository, world.clock.now())
    return sorted(found, key=lambda one: one.expires)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineRole:
    """A role that the server itself signs anew: until when it holds, and since when it should have been done.

    `state`: `good`, `due` (the worker should have signed it by now), `soon` or `expired`, as in `Expiring`.
    """

    product: str
    role: str
    expires: datetime
    due: datetime
    state: Literal["good", "due", "soon", "expired"]


def online_roles(world: World) -> list[OnlineRole]:
    """Return snapshot and timestamp of every product, the first to end first."""
    found, now = [], world.clock.now()
    for one in products.list_all(world):
        repository = Repository(publishing.repository_dir(world, one.id), one.id)
        if not repository.exists():
            continue
        for role, kept in (("snapshot", repository.snapshot()), ("timestamp", repository.timestamp())):
            due = files.due_at(kept)
            # A worker that runs needs a moment; who is late by more than that does not run.
            state = _state(kept, now) if now > due + _AGAIN else "good"
            expires = kept.signed.expires
            found.append(OnlineRole(product=one.id, role=role, expires=expires, due=due, state=state))
    return sorted(found, key=lambda one: one.expires)


def _in_force(repository: Repository) -> list[tuple[str, Metadata[Any]]]:
    tree = Tree(repository, repository.in_force())
    return [
        ("root", repository.root()),
        *((role, tree.metadata(role)) for role in tree.roles),
        ("snapshot", repository.snapshot()),
        ("timestamp", repository.timestamp()),
    ]


def _expiring(repository: Repository, now: datetime) -> list[Expiring]:
    return [
        Expiring(
            product=repository.product,
            role=role,
            version=one.signed.version,
            expires=one.signed.expires,
            state=_state(one, now),
            do=_do(repository.product, role),
        )
        for role, one in _in_force(repository)
        if files.is_due(one, now) and (role not in _ONLINE or _state(one, now) != "due")
    ]


def _state(metadata: Metadata[Any], now: datetime) -> Literal["due", "soon", "expired"]:
    left = metadata.signed.expires - now
    if left.total_seconds() <= 0:
        return "expired"
    role = metadata.signed.type
    return "soon" if left < files.LIFE[role] * _SOON[role] else "due"


def _do(product: str, role: str) -> str:
    if role in _ONLINE:
        return "The worker renews it: careful up"
    return f"careful release renew {product} --keys DIR"


def _untold(world: World, product: str) -> list[MetadataExpiring]:
    """Return what only a person can renew and the ledger was not told of yet."""
    late = [one for one in expiring(world, product) if one.role not in _ONLINE]
    if not late:
        return []
    with world.look() as connection:
        told = ledger.read(connection, names=["updates.metadata_expiring"], subject=f"product/{product}")
    known = {(one.data["role"], one.data["version"]) for one in told}
    return [
        MetadataExpiring(product=product, role=one.role, version=one.version, expires=one.expires)
        for one in late
        if (one.role, one.version) not in known
    ]
