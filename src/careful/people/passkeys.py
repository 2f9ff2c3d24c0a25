"""Passkeys: WebAuthn level 3 by the `webauthn` package, as the only factor, so the person must be verified.

A counter that does not grow means a cloned authenticator and is refused; synced passkeys always say 0, which is no
clone. The challenge is made here, kept by the store for five minutes, and good for one answer.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from careful.kernel.errors import Invalid, Unauthenticated

CHALLENGE_MINUTES = 5
ANSWER_BYTES = 64 * 1024
_CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Site:
    """The relying party: the console as the browser knows it."""

    origin: str
    host: str

    @property
    def offers_passkeys(self) -> bool:
        """Tell whether browsers do WebAuthn here: they want a name, not an address."""
        return not self.host.replace(".", "").isdigit() and ":" not in self.host


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey as just enrolled."""

    credential: bytes
    public_key: bytes
    counter: int
    synced: bool


def site_of(console_url: str) -> Site:
    """Return the relying party for a console address."""
    parts = urlsplit(console_url)
    return Site(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")


def new_challenge() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(_CHALLENGE_BYTES)


def registration_options(
    site: Site, challenge: bytes, *, handle: bytes, email: str, name: str, known: Sequence[bytes]
) -> dict[str, Any]:
    """Return what `PublicKeyCredential.parseCreationOptionsFromJSON` takes."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Careful",
        user_name=email,
        user_display_name=name,
        user_id=handle,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in known],
    )
    return options_to_json_dict(options)


def sign_in_options(site: Site, challenge: bytes, known: Sequence[bytes] = ()) -> dict[str, Any]:
    """Return what `PublicKeyCredential.parseRequestOptionsFromJSON` takes; `known` narrows it to one person's."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def verify_registration(site: Site, challenge: bytes, answer: dict[str, Any]) -> NewPasskey:
    """Return the passkey that the browser made. Raises Invalid when the answer does not hold (WebAuthn 7.1)."""
    try:
        proved = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _BROKEN as failure:
        raise Invalid(
            f"The passkey was not taken: {_first_line(failure)}", do="Try once more, or take a password with TOTP."
        ) from failure
    return NewPasskey(
        proved.credential_id,
        proved.credential_public_key,
        proved.sign_count,
        proved.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def credential_of(answer: dict[str, Any]) -> bytes:
    """Return which credential an answer claims to be from. Raises Unauthenticated when it is malformed."""
    try:
        return bytes(parse_authentication_credential_json(answer).raw_id)
    except _BROKEN as failure:
        raise Unauthenticated("That is no answer from a passkey.", do="Sign in again.") from failure


def verify_sign_in(site: Site, challenge: bytes, answer: dict[str, Any], *, public_key: bytes, counter: int) -> int:
    """Return the new counter. Raises Unauthenticated when the answer does not hold (WebAuthn 7.2)."""
    try:
        proved = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=counter,
            require_user_verification=True,
        )
    except _BROKEN as failure:
        raise Unauthenticated(
            f"The passkey did not prove itself: {_first_line(failure)}", do="Sign in again."
        ) from failure
    return proved.new_sign_count


# Hostile CBOR and keys surface as plain Python errors from below the package's own.
_BROKEN = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, EOFError)


def _first_line(failure: Exception) -> str:
    return (str(failure).splitlines() or ["it was malformed"])[0][:200]
