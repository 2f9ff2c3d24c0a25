"""Attestations, judged: a table of builders, sources and forms."""

import json

import pytest
from attestations import Builder
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner

from careful.kernel.errors import Invalid, TooLarge
from careful.releases.policy import Policy, read
from careful.releases.provenance import PROVENANCE_BYTES, judge, pae

SHA256 = "a" * 64
OURS = Builder()


def policy(builder=OURS, *sources):
    return read(builder.policy(*sources), str)


def test_what_our_builder_signed_is_taken():
    found = judge(OURS.attest(SHA256), SHA256, policy(OURS, "git+https://git.example/acme/camera"))
    assert found.accepted
    assert found.why == ""
    assert (found.builder, found.invocation) == (OURS.id, "run-7")
    assert found.sources == ("git+https://git.example/acme/camera@refs/tags/v1",)
    assert len(found.keyid) == 64


@pytest.mark.parametrize("make", [CryptoSigner.generate_ecdsa, CryptoSigner.generate_rsa])
def test_other_kinds_of_keys(make):
    builder = Builder(signer=make())
    assert judge(builder.attest(SHA256), SHA256, policy(builder)).accepted


@pytest.mark.parametrize(
    ("content", "rules", "why"),
    [
        pytest.param(Builder().attest(SHA256), policy(), "signed by no key", id="another builder's key"),
        pytest.param(
            OURS.attest(SHA256, builder="https://evil"), policy(), "names the builder https://evil", id="another id"
        ),
        pytest.param(OURS.attest(SHA256), policy(OURS, "git+https://other"), "built from", id="another source"),
        pytest.param(
            OURS.attest(SHA256, source="git+https://git.example/acme-evil"),
            policy(OURS, "git+https://git.example/acme"),
            "built from",
            id="a longer name",
        ),
        pytest.param(OURS.attest(SHA256), Policy(), "names no builder", id="nobody asks"),
    ],
)
def test_what_is_not_taken_says_why(content, rules, why):
    found = judge(content, SHA256, rules)
    assert not found.accepted
    assert why in found.why


def test_altered_words_are_not_taken():
    envelope = json.loads(OURS.attest(SHA256))
    other = json.loads(OURS.attest(SHA256, source="git+https://evil"))
    envelope["payload"] = other["payload"]
    assert not judge(json.dumps(envelope).encode(), SHA256, policy()).accepted


def test_lines_and_sigstore_bundles():
    one, other = OURS.attest("b" * 64), OURS.attest(SHA256)
    assert judge(one + b"\n" + other + b"\n", SHA256, policy()).accepted
    assert judge(json.dumps({"dsseEnvelope": json.loads(other)}).encode(), SHA256, policy()).accepted


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"x", id="no JSON"),
        pytest.param(b"{}", id="no envelope"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b'{"payloadType":"x","payload":"","signatures":[]}', id="another type"),
        pytest.param(b'{"payloadType":"application/vnd.in-toto+json","payload":"!","signatures":[]}', id="no base64"),
        pytest.param(OURS.attest("b" * 64), id="of another image"),
        pytest.param(OURS.attest(SHA256, predicateType="https://spdx.dev/Document"), id="another predicate"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_provenance(content):
    with pytest.raises(Invalid):
        judge(content, SHA256, policy())


def test_too_much():
    with pytest.raises(TooLarge):
        judge(b" " * (PROVENANCE_BYTES + 1), SHA256, policy())


def test_what_is_signed_is_dsses_own_encoding():
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(
    st.dictionaries(st.sampled_from(["subject", "predicate"]), st.recursive(st.none() | st.text(max_size=5), st.lists))
)
def test_any_statement_ends_in_words(change):
    try:
        judge(OURS.attest(SHA256, **change), SHA256, policy())
    except Invalid as refusal:
        assert refusal.what  # noqa: PT017 (both ends are right)
