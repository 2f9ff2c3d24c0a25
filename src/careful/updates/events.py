"""What can happen with updates. Ids, versions and reasons only."""

from dataclasses import dataclass
from datetime import datetime

from careful.kernel.ledger import Event, event


@event("updates.metadata_published", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPublished(Event):
    """Signed metadata of a role came into force in the product's repository."""

    product: str
    role: str
    version: int
    expires: datetime


@event("updates.keys_moved", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeysMoved(Event):
    """Signing keys left this machine (`direction` out) or came back (in)."""

    product: str
    direction: str
    keyids: tuple[str, ...]


@event("updates.key_replaced", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReplaced(Event):
    """A role's key was replaced by a new one, in a root signed by the old and the new root keys."""

    product: str
    role: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    reason: str


@event("updates.releases_delegated", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesDelegated(Event):
    """From now on, so many of these keys together say that a release is genuine, in place of the targets key."""

    product: str
    keyids: tuple[str, ...]
    threshold: int


@event("updates.metadata_expiring", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataExpiring(Event):
    """Metadata nears its end, and its keys are not here: a person must sign it anew."""

    product: str
    role: str
    version: int
    expires: datetime


@event("updates.key_drill_held", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDrillHeld(Event):
    """The loss of a key was rehearsed on a copy: a device refused what the old key signed, and followed the new one.

    `keys`: `real`, or `stand-in` where the keys that sign the replacement were not at hand.
    """

    product: str
    role: str
    keys: str
    shown: tuple[str, ...]


@event("updates.key_drill_failed", subject="product/{product}")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDrillFailed(Event):
    """The loss of a key was rehearsed on a copy, and something was not as it must be."""

    product: str
    role: str
    keys: str
    reason: str


@event("updates.rollout_started", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStarted(Event):
    """A signed release began its way to the devices, in waves."""

    rollout: str
    product: str
    version: str
    devices: int
    waves: tuple[str, ...]
    group: str = ""


@event("updates.rollout_proposed", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutProposed(Event):
    """A rollout to an older version was proposed; it begins when two people stand behind it."""

    rollout: str
    product: str
    version: str
    devices: int
    reason: str
    people: int


@event("updates.rollout_confirmed", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutConfirmed(Event):
    """Another person stands behind a rollout that was proposed; `people` do now."""

    rollout: str
    people: int


@event("updates.devices_taken_over", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesTakenOver(Event):
    """A newer rollout took some devices over; this one no longer waits for them."""

    rollout: str
    by: str
    devices: int


@event("updates.update_postponed", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePostponed(Event):
    """A device's owner put updates off until a moment within the limit."""

    device: str
    product: str
    version: str
    until: datetime


@event("updates.wave_opened", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOpened(Event):
    """The devices of a wave may fetch the release from now on."""

    rollout: str
    wave: int
    devices: int


@event("updates.device_updated", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUpdated(Event):
    """A device runs the release and says that it is healthy."""

    rollout: str
    device: str
    version: str


@event("updates.device_failed", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFailed(Event):
    """A device did not take the release, or took it and went back (`rolled_back`)."""

    rollout: str
    device: str
    reason: str
    rolled_back: bool


@event("updates.device_silent", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSilent(Event):
    """A device did not say within its deadline how it went."""

    rollout: str
    device: str


@event("updates.device_accounted", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAccounted(Event):
    """It is settled why a device stays behind: a person said so, or the device was retired."""

    rollout: str
    device: str
    reason: str


@event("updates.wave_refilled", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRefilled(Event):
    """Devices moved up into a wave in which no device was left that could prove the release."""

    rollout: str
    wave: int
    devices: tuple[str, ...]


@event("updates.rollout_halted", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutHalted(Event):
    """No device gets the release any more until a person resumes."""

    rollout: str
    reason: str


@event("updates.rollout_resumed", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutResumed(Event):
    """A person let the rollout go on; `retried` devices are tried again, `left` ones wait for a word about them."""

    rollout: str
    reason: str
    retried: tuple[str, ...]
    left: tuple[str, ...]


@event("updates.rollout_reopened", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReopened(Event):
    """A finished rollout goes on, because a device fell back to another version."""

    rollout: str
    device: str
    reason: str


@event("updates.rollout_superseded", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSuperseded(Event):
    """A halted rollout was ended by a newer one for the same product."""

    rollout: str
    by: str


@event("updates.rollout_finished", subject="rollout/{rollout}")
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutFinished(Event):
    """Every device of the rollout is fixed or accounted for, counted by how its last order went."""

    rollout: str
    product: str
    version: str
    fixed: int
    failed: int
    silent: int


@event("updates.drill_ordered", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DrillOrdered(Event):
    """A device was given a deliberately wrong order, which it must refuse."""

    kind: str
    device: str
    product: str
    action: int


@event("updates.drill_held", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DrillHeld(Event):
    """A device refused what it had to refuse, and said why."""

    kind: str
    device: str
    product: str
    reason: str


@event("updates.drill_failed", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DrillFailed(Event):
    """A device accepted what it had to refuse."""

    kind: str
    device: str
    product: str
    reason: str


@event("updates.drill_unclear", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DrillUnclear(Event):
    """A rehearsal proved nothing: the device was silent, or failed for another reason."""

    kind: str
    device: str
    product: str
    reason: str


@event("updates.owner_agreed", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerAgreed(Event):
    """An order that waited for its owner's word may be carried out.

    `by`: device, auto-confirm, or the member of staff who passes the owner's word on, with how it came as `reason`.
    """

    device: str
    action: int
    version: str
    by: str
    reason: str = ""


@event("updates.owner_refused", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRefused(Event):
    """The owner does not agree to an order; it goes on waiting. `by` and `reason` as in `owner_agreed`."""

    device: str
    action: int
    version: str
    by: str = "device"
    reason: str = ""


@event("updates.auto_confirm_set", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AutoConfirmSet(Event):
    """A device agrees to every order by itself from now on."""

    device: str


@event("updates.auto_confirm_unset", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class AutoConfirmUnset(Event):
    """The owner of a device is asked again from the next order on."""

    device: str


@event("updates.delta_made", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaMade(Event):
    """A delta from the release `base` was made and tried: `size` bytes where the full image has `full`."""

    release: str
    base: str
    product: str
    artifact: str
    size: int
    full: int


@event("updates.delta_failed", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaFailed(Event):
    """There is no delta from the release `base`: it could not be made, or would save too little."""

    release: str
    base: str
    product: str
    reason: str


@event("updates.manifest_doubted", subject="device/{device}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestDoubted(Event):
    """What a device signs about its software contradicts what it claims or what was released, or is not its word."""

    device: str
    product: str
    state: str
    reason: str


@event("updates.delta_stopped", subject="release/{release}")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaStopped(Event):
    """The delta from the release `base` failed on several devices, and is offered no longer."""

    release: str
    base: str
    product: str
    reason: str
