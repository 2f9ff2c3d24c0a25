"""Attestations as a builder signs them (securesystemslib's own DSSE envelope), for tests."""

import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

PAYLOAD = "application/vnd.in-toto+json"


@dataclass
class Builder:
    """Somebody who builds and signs what was built."""

    id: str = "https://ci.example/builders/release"
    signer: CryptoSigner = field(default_factory=CryptoSigner.generate_ed25519)

    @property
    def pem(self) -> str:
        key = self.signer._private_key.public_key()
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def policy(self, *sources: str, required: bool = True) -> bytes:
        """Return a policy that takes this builder."""
        pem = json.dumps(self.pem)
        return (
            f"[provenance]\nrequired = {str(required).lower()}\nsources = {json.dumps(list(sources))}\n"
            f'[[provenance.builders]]\nid = "{self.id}"\nkey = {pem}\n'
        ).encode()

    def attest(self, sha256: str, source: str = "git+https://git.example/acme/camera@refs/tags/v1", **change) -> bytes:
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "cam.img", "digest": {"sha256": sha256}}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://ci.example/build/v1",
                    "externalParameters": {},
                    "resolvedDependencies": [{"uri": source, "digest": {"gitCommit": "a" * 40}}],
                },
                "runDetails": {
                    "builder": {"id": change.pop("builder", self.id)},
                    "metadata": {"invocationId": "run-7", "finishedOn": "2026-11-01T10:00:00Z"},
                },
            },
        } | change
        envelope = Envelope(json.dumps(statement).encode(), PAYLOAD, {})
        envelope.sign(self.signer)
        return json.dumps(envelope.to_dict()).encode()
