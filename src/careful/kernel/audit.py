"""Proving the ledger: checkpoints are signed as it grows, and anyone can check the whole of it offline.

A *bundle* is a folder that an auditor takes away: `entries.jsonl` (one entry's exact bytes a line), `checkpoints.txt`
(signed notes) and `verifier.key`. An auditor who kept an older checkpoint hands it in as `known`: a ledger rewritten
since, even with our own key, no longer has that root.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, func, insert, select

from careful.kernel import ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.checkpoint import Checkpoint, open_note, parse_verifier_key, sign, verifier_key
from careful.kernel.errors import Invalid, Refused
from careful.kernel.keys import Keys, PrivateKey
from careful.kernel.merkle import Frontier, leaf_hash
from careful.kernel.work import World

KEY = "ledger"
ORIGIN = "careful/ledger"
_SEPARATOR = "\n\x1e\n"  # between notes in one file; no note contains a record separator


@dataclass(frozen=True, slots=True)
class Audit:
    """What a check of the whole ledger found: `problems` empty means proven."""

    size: int
    root: bytes
    checkpoints: int
    problems: tuple[str, ...]


def signing_key(world: World) -> Ed25519PrivateKey:
    """Return the ledger's own key, made on first use."""
    return _ed25519(world.keys.ensure(KEY, "ed25519"), world.keys)


def public_key(keys: Keys) -> Ed25519PublicKey:
    """Return the public half of the ledger's key, which must be there. Raises NotFound, Refused."""
    return _ed25519(keys.load(KEY), keys).public_key()


def _ed25519(key: PrivateKey, keys: Keys) -> Ed25519PrivateKey:
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused("The ledger's key is not Ed25519.", do=f"Move {keys.path(KEY)} away.")
    return key


def seal(world: World) -> int:
    """Sign a checkpoint if the ledger grew since the last one; return how many were signed (0 or 1)."""
    with world.look() as connection:
        newest = connection.execute(select(func.max(ledger.checkpoints.c.size))).scalar()
        if ledger.size(connection) == (newest or 0):
            return 0
    key = signing_key(world)
    with world.change(SYSTEM) as work:
        edge = ledger.read_head(work.connection)
        newest = work.connection.execute(select(func.max(ledger.checkpoints.c.size))).scalar()
        if edge is None or edge.size == newest:
            return 0
        note = sign(Checkpoint(ORIGIN, edge.size, edge.root()), key)
        row = {"size": edge.size, "at": work.now, "note": note}
        work.connection.execute(insert(ledger.checkpoints), row)
    return 1


def newest_checkpoint(connection: Connection) -> str | None:
    """Return the newest signed note, or None before the first."""
    query = select(ledger.checkpoints.c.note).order_by(ledger.checkpoints.c.size.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def audit(connection: Connection, key: Ed25519PublicKey, known: Sequence[str] = ()) -> Audit:
    """Check every entry, the tree's edge and every checkpoint in the database."""
    rows = connection.execute(select(ledger.entries).order_by(ledger.entries.c.seq)).all()
    bodies = [row.body for row in rows]
    problems = [
        f"Entry {row.seq}: its index columns do not say what its bytes say."
        for row in rows
        if not _columns_fit(row.seq, row.name, row.subject, row.body)
    ]
    notes = list(connection.execute(select(ledger.checkpoints.c.note).order_by(ledger.checkpoints.c.size)).scalars())
    found = check(bodies, [*notes, *known], key)
    edge = ledger.read_head(connection) or Frontier()
    if (edge.size, edge.root()) != (found.size, found.root):
        problems.append(
            f"The tree's edge says {edge.size} entries with root {edge.root().hex()[:16]}; "
            f"the entries make {found.size} with root {found.root.hex()[:16]}."
        )
    return Audit(found.size, found.root, found.checkpoints, (*problems, *found.problems))


def check(bodies: Iterable[str], notes: Sequence[str], key: Ed25519PublicKey) -> Audit:
    """Check entry bytes in order against signed notes; pure."""
    problems: list[str] = []
    promised: list[Checkpoint] = []
    for note in notes:
        try:
            promised.append(open_note(note, key))
        except ValueError as wrong:
            problems.append(f"A checkpoint is not genuine: {wrong}.")
    at_size: dict[int, set[bytes]] = {}
    for one in promised:
        at_size.setdefault(one.size, set()).add(one.root)
    frontier = Frontier()
    for number, body in enumerate(bodies):
        problem = _entry_problem(number, body)
        if problem:
            problems.append(problem)
        frontier.append(leaf_hash(body.encode()))
        if at_size.pop(frontier.size, {frontier.root()}) != {frontier.root()}:
            problems.append(f"The first {frontier.size} entries are not those that were signed.")
    problems.extend(f"{size} entries were signed, only {frontier.size} are here." for size in sorted(at_size))
    return Audit(frontier.size, frontier.root(), len(promised), tuple(problems))


def export(world: World, folder: Path) -> Path:
    """Write a bundle for an auditor. Raises Refused where the folder already holds one."""
    seal(world)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "entries.jsonl"
    if target.exists():
        raise Refused(f"{folder} already holds a bundle.", do="Name an empty folder.")
    with world.look() as connection:
        bodies = connection.execute(select(ledger.entries.c.body).order_by(ledger.entries.c.seq)).scalars()
        notes = connection.execute(select(ledger.checkpoints.c.note).order_by(ledger.checkpoints.c.size)).scalars()
        target.write_text("".join(f"{body}\n" for body in bodies), encoding="utf-8")
        (folder / "checkpoints.txt").write_text(_SEPARATOR.join(notes), encoding="utf-8")
    name = verifier_key(ORIGIN, signing_key(world).public_key())
    (folder / "verifier.key").write_text(f"{name}\n", encoding="utf-8")
    return folder


def audit_bundle(folder: Path, trusted: str | None = None, known: Sequence[str] = ()) -> Audit:
    """Check a bundle offline. `trusted` is the verifier key got by another way; else the bundle's own is used.

    Raises Invalid where the folder is no bundle.
    """
    try:
        text = trusted or (folder / "verifier.key").read_text(encoding="utf-8")
        _, key = parse_verifier_key(text)
        lines = (folder / "entries.jsonl").read_text(encoding="utf-8").splitlines()
        notes = [note for note in (folder / "checkpoints.txt").read_text(encoding="utf-8").split(_SEPARATOR) if note]
    except (OSError, ValueError) as wrong:
        raise Invalid(f"{folder} is no evidence bundle: {wrong}.", do="Run: careful evidence export FOLDER") from wrong
    return check(lines, [*notes, *known], key)


def _columns_fit(seq: int, name: str, subject: str, body: str) -> bool:
    try:
        entry = ledger.parse(body)
    except (ValueError, KeyError):
        return False
    return (entry.seq, entry.name, entry.subject) == (seq, name, subject)


def _entry_problem(number: int, body: str) -> str:
    try:
        entry = ledger.parse(body)
    except (ValueError, KeyError, json.JSONDecodeError):
        return f"Entry {number} is not an entry any more."
    return "" if entry.seq == number else f"Entry {number} carries the number {entry.seq}: one was removed or moved."
