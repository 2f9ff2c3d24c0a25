"""Who built an image and from what: an in-toto attestation (Statement v1, SLSA provenance v1) in a DSSE envelope. Pure.

Taken are an envelope, several of them one a line (as `*.intoto.jsonl` has them), and a Sigstore bundle's envelope. A
signature counts by the key that the product's policy names for the builder; certificates within are not looked at.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from careful.kernel.errors import Invalid, TooLarge
from careful.releases.bundles_cms import check_bare
from careful.releases.bundles_facts import text
from careful.releases.policy import Builder, Policy

PROVENANCE_BYTES = 1 << 20
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_PREDICATE = "https://slsa.dev/provenance/v1"
_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What an attestation says of an image, and whether the product's policy takes it; `why` says why not."""

    builder: str
    build_type: str
    sources: tuple[str, ...]
    invocation: str
    finished: str
    keyid: str
    accepted: bool
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def judge(content: bytes, sha256: str, policy: Policy) -> Provenance:
    """Return what an attestation says of the image with this digest, judged by the policy.

    Raises Invalid where it is none or speaks of other images, TooLarge above 1 MiB.
    """
    if len(content) > PROVENANCE_BYTES:
        raise TooLarge(f"An attestation has at most {PROVENANCE_BYTES} bytes.", where="provenance")
    about = [(envelope, said) for envelope in _envelopes(content) if (said := _statement(envelope, sha256)) is not None]
    if not about:
        raise Invalid(
            "The attestation does not speak of this image.",
            do=f"Its subject must have the digest sha256:{sha256[:16]}…",
            where="provenance",
        )
    judged = [_judge(envelope, said, policy) for envelope, said in about]
    return next((one for one in judged if one.accepted), judged[0])


def pae(kind: str, payload: bytes) -> bytes:
    """Return what is signed of a payload (DSSE v1, pre-authentication encoding)."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def _judge(envelope: Mapping[str, Any], said: Mapping[str, Any], policy: Policy) -> Provenance:
    definition, details = _table(said.get("buildDefinition")), _table(said.get("runDetails"))
    metadata = _table(details.get("metadata"))
    builder = text(_table(details.get("builder")).get("id", ""), 500)
    sources = tuple(_sources(definition))
    signer, keyid = _signer(envelope, policy)
    return Provenance(
        builder=builder,
        build_type=text(definition.get("buildType", ""), 500),
        sources=sources,
        invocation=text(metadata.get("invocationId", ""), 500),
        finished=text(metadata.get("finishedOn", ""), 64),
        keyid=keyid,
        accepted=not (why := _objection(builder, sources, signer, policy)),
        why=why,
    )


def _objection(builder: str, sources: tuple[str, ...], signer: Builder | None, policy: Policy) -> str:
    """Say why an attestation is not taken; empty where it is."""
    if not policy.builders:
        return "The product's policy names no builder, so nobody checked it."
    if signer is None:
        return "It is signed by no key that the product's policy names."
    if builder != signer.id:
        return f"It names the builder {builder or 'nobody'}, but the key is that of {signer.id}."
    if policy.sources and not any(_is_from(one, wanted) for one in sources for wanted in policy.sources):
        built_from = ", ".join(sources) or "nothing that is said"
        return f"It was built from {built_from}, which the product's policy does not name."
    return ""


def _is_from(source: str, wanted: str) -> bool:
    """Tell whether a source is the wanted one, or a revision or part of it: never just a longer name."""
    return source == wanted or any(source.startswith(wanted.rstrip("/") + sign) for sign in "/@#?")


def _signer(envelope: Mapping[str, Any], policy: Policy) -> tuple[Builder | None, str]:
    """Return the builder of the policy whose key signed, and that key's digest."""
    signed = pae(str(envelope["payloadType"]), envelope["payload"])
    for one in envelope["signatures"]:
        for builder in policy.builders:
            if check_bare(signed, one, (builder.key,)) is not None:
                return builder, builder.key.sha256
    return None, ""


def _sources(definition: Mapping[str, Any]) -> Iterator[str]:
    listed = definition.get("resolvedDependencies")
    for one in (listed if isinstance(listed, list) else [])[:_MOST]:
        uri = _table(one).get("uri")
        if isinstance(uri, str) and uri:
            yield text(uri, 500)
    parameters = _table(definition.get("externalParameters"))
    for value in (parameters.get("source"), _table(parameters.get("workflow")).get("repository")):
        uri = _table(value).get("uri", value)
        if isinstance(uri, str) and uri:
            yield text(uri, 500)


def _statement(envelope: Mapping[str, Any], sha256: str) -> Mapping[str, Any] | None:
    """Return the provenance in an envelope, if it is one of the image."""
    try:
        said = _table(json.loads(envelope["payload"]))
    except (ValueError, RecursionError) as broken:
        raise Invalid("The attestation's payload is no JSON.", where="provenance") from broken
    if said.get("_type") not in _STATEMENTS or said.get("predicateType") != _PREDICATE:
        return None
    subjects = said.get("subject")
    digests = [
        _table(_table(one).get("digest")).get("sha256") for one in (subjects if isinstance(subjects, list) else [])
    ]
    return _table(said.get("predicate")) if sha256 in digests else None


def _envelopes(content: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield each DSSE envelope, its payload and signatures decoded."""
    try:
        listed = [json.loads(content)]
    except (ValueError, RecursionError):
        listed = _lines(content)
    for one in listed[:_MOST]:
        plain = _table(_table(one).get("dsseEnvelope", one))
        signatures = plain.get("signatures")
        try:
            if plain["payloadType"] != PAYLOAD_TYPE or not isinstance(signatures, list):
                raise Invalid(f"The attestation must be a DSSE envelope of {PAYLOAD_TYPE}.", where="provenance")
            yield {
                "payloadType": plain["payloadType"],
                "payload": base64.b64decode(plain["payload"], validate=True),
                "signatures": [base64.b64decode(_table(each)["sig"], validate=True) for each in signatures[:_MOST]],
            }
        except (KeyError, TypeError, binascii.Error, ValueError) as broken:
            raise Invalid("The attestation is no DSSE envelope.", where="provenance") from broken


def _lines(content: bytes) -> list[Any]:
    try:
        return [json.loads(line) for line in content.splitlines() if line.strip()]
    except (ValueError, RecursionError) as broken:
        raise Invalid("The attestation is no JSON.", where="provenance") from broken


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
