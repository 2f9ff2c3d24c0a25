"""RFC 6962's tree against its published test vectors, and its laws on random trees."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careful.kernel.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and roots used by the reference implementations of RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def test_empty_tree():
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256().digest()
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size):
    assert root_of(HASHES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        pytest.param(0, 1, [], id="single leaf has an empty path"),
        pytest.param(
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
            id="first of eight",
        ),
        pytest.param(
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
            id="sixth of eight",
        ),
        pytest.param(2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"], id="third of three"),
    ],
)
def test_published_inclusion_paths(index, size, path):
    proof = inclusion_proof(index, HASHES[:size])
    assert [step.hex() for step in proof] == path
    assert verify_inclusion(HASHES[index], index, size, proof, root_of(HASHES[:size]))


def test_published_consistency_proof():
    proof = consistency_proof(6, HASHES)
    assert [step.hex() for step in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


leaf_lists = st.lists(st.binary(min_size=1, max_size=4).map(leaf_hash), min_size=1, max_size=40)


@given(leaf_lists, st.data())
def test_every_leaf_proves_itself_and_nothing_else(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, root = inclusion_proof(index, leaves), root_of(leaves)
    assert verify_inclusion(leaves[index], index, len(leaves), proof, root)
    assert not verify_inclusion(leaf_hash(b"another leaf altogether"), index, len(leaves), proof, root)
    assert not verify_inclusion(leaves[index], len(leaves), len(leaves), proof, root)


@given(leaf_lists, st.data())
def test_every_prefix_is_consistent_and_no_other(leaves, data):
    old = data.draw(st.integers(1, len(leaves)))
    proof = consistency_proof(old, leaves)
    assert verify_consistency(old, len(leaves), root_of(leaves[:old]), root_of(leaves), proof)
    assert not verify_consistency(old, len(leaves), leaf_hash(b"forged"), root_of(leaves), proof)


@given(leaf_lists)
def test_frontier_survives_packing(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
        frontier = Frontier.from_bytes(frontier.size, frontier.to_bytes())
    assert frontier.root() == root_of(leaves)


def test_outside_the_tree():
    with pytest.raises(IndexError):
        inclusion_proof(3, HASHES[:3])
    with pytest.raises(ValueError, match="no proof"):
        consistency_proof(9, HASHES)
    with pytest.raises(ValueError, match="subtree roots"):
        Frontier(3, [b"\0" * 32])
