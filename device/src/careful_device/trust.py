"""What a device may install. Pure: the same order, target, assignment and device always give the same answer.

Seven laws, each with the kind of refusal it gives:

1. `unsigned`     only what the product's TUF metadata names, with length, SHA-256 and a complete description.
2. `wrong-model`  only what is signed for this product and this hardware.
3. `tampered`     only these bytes: what the order announces and what arrives must both be what was signed.
4. `rollback`     only what is surely newer than everything this device has confirmed, in version and security version.
5. `expired`      only by metadata that is still in force.
6. `wrong-device` only what the director signed for this device, where the product has a director.
7. `replayed`     only an assignment that is not older than what this device has heard.

What the server says about itself (the order) can only ever narrow this down, never widen it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Targets  # type: ignore[attr-defined]  # tuf names these its API without an __all__
from tuf.api.serialization import DeserializationError

from careful_device import versions
from careful_device.errors import Refusal
from careful_device.model import Assignment, Facts, Order, Target

KINDS = ("tampered", "rollback", "wrong-model", "expired", "unsigned", "wrong-device", "replayed")
DIRECTOR = "director"

_HEX_DIGEST = 64
_NAME = 64
_HARDWARES = 64
_SECURITY_VERSION = 2**31


def target_from(path: str, length: int, hashes: Mapping[str, str], custom: object) -> Target:
    """Return the signed description of `path`. Raises Refusal(`unsigned`) when it does not say all that it must."""
    sha256 = hashes.get("sha256", "")
    if len(sha256) != _HEX_DIGEST:
        raise Refusal("unsigned", f"the signed metadata gives no SHA-256 for {path}")
    if not isinstance(custom, Mapping):
        raise Refusal("unsigned", f"the signed metadata does not say what {path} is for")
    return Target(
        path=path,
        length=length,
        sha256=sha256.lower(),
        product=_text(custom, "product", path),
        hardware=_names(custom, path),
        version=_text(custom, "version", path),
        security_version=_count(custom, path),
    )


def check_order(order: Order, device: Facts) -> None:
    """Refuse what is plainly for another model before any metadata is asked for."""
    if order.product and order.product != device.product:
        raise Refusal("wrong-model", f"the order is for {order.product}, this is {device.product}")


def check_target(order: Order, target: Target, device: Facts) -> None:
    """Raise Refusal unless `target` may be installed on `device` in answer to `order`."""
    if target.product != device.product:
        raise Refusal("wrong-model", f"{target.path} is signed for {target.product}, this is {device.product}")
    if device.hardware not in target.hardware:
        signed = ", ".join(target.hardware) or "no hardware"
        raise Refusal("wrong-model", f"{target.path} is signed for {signed}, this is {device.hardware}")
    if order.sha256 and order.sha256.lower() != target.sha256:
        raise Refusal("tampered", f"the order announces {order.sha256[:12]}, but {target.sha256[:12]} was signed")
    if order.size != target.length:
        raise Refusal("tampered", f"the order announces {order.size} bytes, but {target.length} were signed")
    if order.version and order.version != target.version:
        raise Refusal("tampered", f"the order announces version {order.version}, but {target.version} was signed")
    if not is_installed(target, device):
        _check_newer(target, device)


def is_installed(target: Target, device: Facts) -> bool:
    """Tell whether `device` runs exactly `target` already."""
    return target.version == device.version and target.sha256 == device.sha256


def directors(top: Targets) -> tuple[str, ...]:
    """Return the ids of the director's keys; none where the product has no director."""
    roles = top.delegations.roles if top.delegations else None
    return tuple(sorted(roles[DIRECTOR].keyids)) if roles and DIRECTOR in roles else ()


def assignment_from(content: bytes, top: Targets) -> Assignment:
    """Return what the director whom `top` names has signed. Raises Refusal(`unsigned`) for anything else."""
    try:
        metadata: Metadata[Targets] = Metadata.from_bytes(content)
        top.verify_delegate(DIRECTOR, metadata.signed_bytes, metadata.signatures)
        signed = metadata.signed
        told = signed.unrecognized_fields["assignment"]
        [(path, target)] = signed.targets.items()
        return Assignment(
            device=_text(told, "device", path),
            product=_text(told, "product", path),
            number=signed.version,
            expires=signed.expires,
            path=path,
            length=target.length,
            sha256=target.hashes["sha256"].lower(),
        )
    except (exceptions.RepositoryError, DeserializationError) as verdict:
        raise Refusal("unsigned", f"the assignment is not the director's word: {_words(verdict)}") from verdict
    except (KeyError, ValueError, TypeError, AttributeError) as broken:
        raise Refusal("unsigned", "the assignment does not say all that it must") from broken


def check_assignment(
    said: Assignment, order: Order, target: Target, device: Facts, *, floor: int, now: datetime
) -> None:
    """Raise Refusal unless the director gives `target` to `device` now; `floor` is the highest number heard so far."""
    if said.device != device.device or said.product != device.product:
        raise Refusal("wrong-device", f"the order is signed for {said.device}, this is {device.device}")
    if said.number < floor:
        raise Refusal("replayed", f"the assignment is number {said.number}, but {floor} was heard before")
    if said.expires <= now:
        raise Refusal("expired", f"the assignment was good until {said.expires:%Y-%m-%d %H:%MZ}")
    if said.path != target.path or said.path != order.target_path:
        raise Refusal("tampered", f"the director gives {said.path[:200]}, the order says {order.target_path[:200]}")
    if (said.length, said.sha256) != (target.length, target.sha256):
        raise Refusal("tampered", f"the director gives {said.sha256[:12]}, but {target.sha256[:12]} was signed")


def check_bytes(target: Target, length: int, sha256: str) -> None:
    """Raise Refusal(`tampered`) unless what arrived is what was signed."""
    if length != target.length:
        raise Refusal("tampered", f"{length} bytes arrived, but {target.length} were signed")
    if sha256 != target.sha256:
        raise Refusal("tampered", f"what arrived has SHA-256 {sha256[:12]}, but {target.sha256[:12]} was signed")


def refusal_of(failure: exceptions.RepositoryError) -> Refusal:
    """Return the refusal that a verdict of the TUF client stands for."""
    said = _words(failure)
    if isinstance(failure, exceptions.ExpiredMetadataError):
        return Refusal("expired", f"the signed metadata is out of date: {said}")
    if isinstance(failure, exceptions.BadVersionNumberError):
        return Refusal("rollback", f"the signed metadata is older than what was seen before: {said}")
    if isinstance(failure, exceptions.LengthOrHashMismatchError):
        return Refusal("tampered", f"the metadata is not what was signed: {said}")
    return Refusal("unsigned", f"the metadata is not signed by whom this device trusts: {said}")


def _words(failure: Exception) -> str:
    return " ".join(str(failure).split())[:200]


def _check_newer(target: Target, device: Facts) -> None:
    if target.security_version < device.security_floor:
        raise Refusal(
            "rollback", f"security version {target.security_version} is below {device.security_floor}, once confirmed"
        )
    for known in {device.version, device.version_floor} - {""}:
        if not versions.is_newer(target.version, known):
            raise Refusal("rollback", f"version {target.version} is not newer than {known}")


def _text(custom: Mapping[str, Any], name: str, path: str) -> str:
    value = custom.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _NAME:
        raise Refusal("unsigned", f"the signed metadata names no {name} for {path}")
    return value


def _names(custom: Mapping[str, Any], path: str) -> tuple[str, ...]:
    value = custom.get("hardware")
    if not isinstance(value, list) or len(value) > _HARDWARES or not all(isinstance(name, str) for name in value):
        raise Refusal("unsigned", f"the signed metadata names no hardware for {path}")
    return tuple(value)


def _count(custom: Mapping[str, Any], path: str) -> int:
    value = custom.get("security_version")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _SECURITY_VERSION:
        raise Refusal("unsigned", f"the signed metadata gives no security version for {path}")
    return value
