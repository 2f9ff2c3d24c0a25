from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from careful.releases.policy import Builder, Policy, Trusted, fingerprint, public_key, read
from careful.releases.policy_text import as_toml


def key(more=""):
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = made.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return Trusted("a.pem", more + pem, fingerprint(public_key(pem)))


KEYS = [key(), key("# ''' a remark\n"), key()]
TEXTS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), max_size=4).map(tuple)


def keys_of(policy):
    return [one.sha256 for one in policy.signers], [(one.id, one.key.sha256) for one in policy.builders]


@given(
    st.lists(st.sampled_from(KEYS), max_size=3),
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(["lzma", "heatshrink", "off"]),
    st.booleans(),
)
def test_what_was_written_reads_the_same(signers, names, sources, builders, form, required):
    policy = Policy(
        signers=tuple(signers),
        names=names,
        builders=tuple(Builder(one, KEYS[place % len(KEYS)]) for place, one in enumerate(builders)),
        sources=sources,
        provenance_required=required and bool(builders),
        delta_format=form,
    )
    found = read(as_toml(policy).encode(), pytest.fail)
    assert keys_of(found) == keys_of(policy)
    assert replace(found, signers=(), builders=()) == replace(policy, signers=(), builders=())


def test_the_empty_policy_is_a_form_to_fill_in():
    assert read(as_toml(Policy()).encode(), pytest.fail) == Policy()
