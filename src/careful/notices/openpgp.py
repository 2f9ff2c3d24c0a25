"""OpenPGP signatures for advisories (RFC 4880, as CSAF 2.0 section 7.1.19 asks): one key, made on first use.

What proves a signature is stored beside it, so that whoever serves the pages never reads the private half.
"""

from dataclasses import dataclass

from pysequoia import Profile, SignatureMode, Tsk, sign

from careful.kernel.work import World

_KEY = "advisories.openpgp"


@dataclass(frozen=True, slots=True)
class Signed:
    """A detached signature, armoured, and the armoured certificate that proves it. `fingerprint` in capitals."""

    signature: str
    fingerprint: str
    certificate: str


def signed(world: World, content: bytes) -> Signed:
    """Sign `content` with the maker's key for advisories, which never expires: a signature is for good."""
    settings = world.settings
    name = "".join(one for one in settings.maker_name if one not in "<>")
    owner = f"{name} security advisories <{settings.mail_from}>"

    def make() -> bytes:
        return bytes(Tsk.generate(user_id=owner, profile=Profile.RFC4880, validity_seconds=None))

    key = Tsk.from_bytes(world.keys.kept(_KEY, make))
    public = key.extract_certificate()
    made = sign(key.signer(), content, mode=SignatureMode.DETACHED)
    return Signed(made.decode(), str(public.fingerprint).upper(), str(public))
