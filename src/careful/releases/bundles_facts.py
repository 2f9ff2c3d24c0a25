"""What a bundle of SWUpdate, RAUC or Mender says about itself. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_ENTRIES = 1000
MOST_DESCRIPTION = 1 << 20
MOST_SIGNATURE = 64 << 10
LONGEST_NAME = 255
MOST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature on the bundle is good: the SHA-256 of the key (SPKI), and what its certificate says, if any."""

    sha256: str
    subject: str = ""
    issuer: str = ""
    not_after: str = ""


@dataclass(frozen=True, slots=True)
class Payload:
    """One thing that the bundle installs; `matches` tells whether the bytes have the digest that was signed.

    None where no digest is given, or where the bytes are packed within and were not unpacked.
    """

    name: str
    size: int = 0
    sha256: str = ""
    kind: str = ""
    matches: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as it was read. `names` are what it calls the hardware it is for; `remarks` what could not be told."""

    format: str
    version: str
    names: tuple[str, ...]
    signed: bool
    signers: tuple[Signer, ...] = ()
    payloads: tuple[Payload, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> "Bundle":
        """Return what was kept."""
        return Bundle(
            format=plain["format"],
            version=plain["version"],
            names=tuple(plain["names"]),
            signed=plain["signed"],
            signers=tuple(Signer(**one) for one in plain["signers"]),
            payloads=tuple(Payload(**one) for one in plain["payloads"]),
            more=plain["more"],
            remarks=tuple(plain["remarks"]),
        )


def text(value: object, longest: int = MOST_TEXT) -> str:
    """Return a value from a stranger as text that can be shown: cut, without what hides or moves."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(value)[:longest])
