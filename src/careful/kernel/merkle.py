"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), as pure functions over SHA-256.

A *frontier* is the list of roots of the perfect subtrees that make up a tree, largest first: all that one needs to
append in O(log n) and to know the root. Proofs are computed from the leaf hashes.
"""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return MTH({d}) = SHA-256(0x00 || d)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree of `size` leaves; grows by `append`."""

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)
        if len(self.roots) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} subtree roots, not {len(self.roots)}")

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> "Frontier":
        """Read what `to_bytes` wrote. Raises ValueError where it does not fit the size."""
        return cls(size, [packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)])

    def to_bytes(self) -> bytes:
        """Pack the subtree roots, largest first."""
        return b"".join(self.roots)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash, merging subtrees of equal size."""
        carry, merged = self.size, leaf
        while carry & 1:
            merged = node_hash(self.roots.pop(), merged)
            carry >>= 1
        self.roots.append(merged)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree's root hash, MTH(D[n])."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return MTH over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(index, D[n]) of RFC 6962 2.1.1. Raises IndexError outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root_of(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root_of(leaves[:split])]


def consistency_proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PROOF(old, D[n]) of RFC 6962 2.1.2. Raises ValueError unless 0 < old <= n."""
    if not 0 < old <= len(leaves):
        raise ValueError(f"no proof from {old} to {len(leaves)} leaves")
    return _subproof(old, leaves, whole=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Check an inclusion proof as RFC 9162 2.1.3.2 does."""
    if not 0 <= index < size:
        return False
    node, last, computed = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = node_hash(step, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, step)
        node, last = node >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Check a consistency proof as RFC 9162 2.1.4.2 does."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, step)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _subproof(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_subproof(old, leaves[:split], whole=whole), root_of(leaves[split:])]
    return [*_subproof(old - split, leaves[split:], whole=False), root_of(leaves[:split])]
