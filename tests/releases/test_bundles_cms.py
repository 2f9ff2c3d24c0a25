"""Signatures on bundles, made by openssl."""

import bundle_makers as tools
import pytest

from careful.kernel.errors import Invalid
from careful.releases.bundles_cms import check_bare, check_cms
from careful.releases.policy import Trusted, fingerprint, public_key

SAID = b"what was said"


@pytest.fixture
def sign(tmp_path):
    (tmp_path / "said").write_bytes(SAID)

    def make(*more, name="signer", kind="rsa:2048"):
        certificate, key = tools.signer(tmp_path, name, kind=kind)
        return tools.run(
            tmp_path, "openssl", "cms", "-sign", "-in", "said", "-binary", "-outform", "DER",
            "-signer", str(certificate), "-inkey", str(key), *more,
        )  # fmt: skip

    return make


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        pytest.param((), "rsa:2048", id="detached"),
        pytest.param(("-nodetach",), "rsa:2048", id="carried"),
        pytest.param(("-noattr",), "rsa:2048", id="without attributes"),
        pytest.param(("-keyid",), "rsa:2048", id="by key identifier"),
        pytest.param(("-keyopt", "rsa_padding_mode:pss"), "rsa:2048", id="PSS"),
        pytest.param(("-md", "sha512"), "ec", id="elliptic curve, SHA-512"),
    ],
)
def test_a_good_signature(sign, more, kind):
    said, signers = check_cms(sign(*more, kind=kind), SAID, ())
    assert said == SAID
    assert [one.subject for one in signers] == ["signer"]


def test_without_certificates_those_that_are_known_are_tried(sign, tmp_path):
    content = sign("-nocerts")
    with pytest.raises(Invalid):
        check_cms(content, SAID, ())
    pem = (tmp_path / "signer.pem").read_text()
    known = Trusted("signer.pem", pem, fingerprint(public_key(pem)))
    assert check_cms(content, SAID, (known,))[1][0].sha256 == known.sha256


def test_other_words_were_not_signed(sign):
    for more in ((), ("-noattr",)):
        with pytest.raises(Invalid, match="No signature"):
            check_cms(sign(*more), SAID + b"!", ())


def test_a_weak_digest_does_not_count(sign):
    with pytest.raises(Invalid):
        check_cms(sign("-md", "sha1"), SAID, ())


@pytest.mark.parametrize("content", [b"", b"0", b"\x30\x80", b"\x30\x03\x02\x01\x01", bytes(1000)])
def test_what_is_no_cms(content):
    with pytest.raises(Invalid):
        check_cms(content, SAID, ())


def test_every_byte_counts(sign):
    content = sign()
    for place in range(0, len(content), 37):
        damaged = content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
        try:
            assert check_cms(damaged, SAID, ())[0] == SAID  # a certificate's own words are not what was signed
        except Invalid as refusal:
            assert refusal.what  # noqa: PT017 (both ends are right)


def test_a_bare_signature_is_somebodys_or_nobodys(tmp_path):
    certificate, key = tools.signer(tmp_path)
    (tmp_path / "said").write_bytes(SAID)
    signature = tools.run(tmp_path, "openssl", "dgst", "-sha256", "-sign", str(key), "said")
    pem = certificate.read_text()
    known = Trusted("signer.pem", pem, fingerprint(public_key(pem)))
    assert check_bare(SAID, signature, (known,)).subject == "signer.pem"
    assert check_bare(SAID + b"!", signature, (known,)) is None
    assert check_bare(SAID, signature, ()) is None
