"""`careful doctor`: looks at everything an installation stands on; every fault comes with the command that mends it."""

import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import click

from careful import customer_data, devices, monitoring, updates, vulnerabilities
from careful.entrypoints.cli.listening import ports
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel import audit, outbox
from careful.kernel.errors import CarefulError
from careful.kernel.settings import Settings
from careful.kernel.token_keys import TokenKeys
from careful.kernel.work import World

_ROOM_BYTES = 1 << 30
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # no clock is right before this program was written
_TLS_WARN_DAYS = 14
_WATCHED_EVERY = timedelta(hours=2)  # it says so every hour
_DAYS = 72  # from so many hours on, time left is said in days


@dataclass(frozen=True, slots=True)
class Check:
    """One look: what was looked at, how it is, in a sentence, and what to do."""

    name: str
    state: Literal["good", "warning", "bad"]
    says: str
    do: str = ""


def clock(_world: World) -> Iterator[Check]:
    """See that the clock is plausible: certificates and update metadata hang on it."""
    now = datetime.now(UTC)
    if now < _EARLIEST:
        yield Check("clock", "bad", f"It says {now:%Y-%m-%d}.", "Set it: timedatectl set-ntp true")
    else:
        yield Check("clock", "good", f"{now:%Y-%m-%d %H:%M:%SZ}")


def disk(world: World) -> Iterator[Check]:
    """See that there is room for what is acknowledged to devices."""
    yield _room(world.home)


def key_modes(world: World) -> Iterator[Check]:
    """See that nobody else may read a key."""
    loose = world.keys.loose()
    if loose:
        yield Check("keys", "bad", f"{loose[0]} can be read by others.", f"chmod -R go= {loose[0].parent}")
    else:
        yield Check("keys", "good", f"{len(world.keys.names())} keys, read by nobody else.")
    if world.home.stat().st_mode & 0o077:
        yield Check("data folder", "bad", f"{world.home} can be read by others.", f"chmod go= {world.home}")
    if os.geteuid() == 0:
        yield Check("user", "warning", "You are root.", "Run Careful as a user of its own.")


def customers_keys(world: World) -> Iterator[Check]:
    """See that what wraps customers' keys is here, and that nothing is there longer than receipts say."""
    faults = customer_data.epochs_at_fault(world)
    for one, says in faults:
        late = "destroyed" in says
        do = "careful up (the worker does it)" if late else "Bring it (docs/data.md), or: careful data keys-lost"
        yield Check(f"epoch {one.number}", "bad", says, do)
    known = customer_data.epochs(world)
    if known and not faults:
        yield Check(
            "customers' keys", "good", f"Wrapped under epoch {known[-1].number}, until {known[-1].ends:%Y-%m-%d}."
        )


def signing_token(world: World) -> Iterator[Check]:
    """See that the token with the server's signing keys can be used, where there is one."""
    if world.settings.signing_token:
        held = TokenKeys(world.settings.signing_token).names()
        yield Check("token", "good", f"{len(held)} keys in it.")


def open_ports(world: World) -> Iterator[Check]:
    """See that each port answers."""
    for name, number in ports(world.settings).items():
        with socket.socket(socket.AF_INET6 if ":" in world.settings.host else socket.AF_INET) as probe:
            probe.settimeout(2)
            answers = probe.connect_ex((world.settings.host, number)) == 0
        if answers:
            yield Check(name, "good", f"Port {number} answers.")
        else:
            yield Check(name, "bad", f"Nothing answers on port {number}.", "careful up")


def tls(world: World) -> Iterator[Check]:
    """See that devices meet a certificate that our own authority vouches for, with time left."""
    context = ssl.create_default_context(cafile=str(devices.authority_bundle_path(world)))
    settings = world.settings
    for name, number in (("device TLS", settings.device_port), ("gateway TLS", settings.mqtt_port)):
        try:
            with (
                socket.create_connection((settings.host, number), timeout=3) as raw,
                context.wrap_socket(raw, server_hostname=settings.tls_names[0]) as wrapped,
            ):
                shown = wrapped.getpeercert() or {}
                days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86400
        except ssl.SSLError as refusal:
            # The gateway asks for a client certificate; getting as far as that request is what we wanted to see.
            if "CERTIFICATE_REQUIRED" in str(refusal):
                yield Check(name, "good", "Asks for a device certificate.")
            else:
                yield Check(name, "bad", f"TLS failed: {refusal.reason}.", "careful up")
        except OSError as failure:
            yield Check(name, "bad", f"No TLS: {failure.strerror or failure}.", "careful up")
        else:
            state: Literal["good", "warning"] = "good" if days > _TLS_WARN_DAYS else "warning"
            yield Check(name, state, f"Certificate good for {days:.0f} days.", "" if state == "good" else "careful up")


def ledger_proof(world: World) -> Iterator[Check]:
    """See that the ledger proves itself."""
    with world.look() as connection:
        found = audit.audit(connection, audit.signing_key(world).public_key())
    if found.problems:
        yield Check("ledger", "bad", found.problems[0], "Keep a copy as it is; find out who could write to it.")
    else:
        yield Check("ledger", "good", f"{found.size} entries, {found.checkpoints} checkpoints, proven.")


def messages(world: World) -> Iterator[Check]:
    """See that nothing lies on the shelf undelivered."""
    with world.look() as connection:
        shelved = outbox.counts(connection).get("shelved", 0)
    if shelved:
        yield Check("outbox", "warning", f"{shelved} messages could not be delivered.", "Check CAREFUL_SMTP_HOST.")
    else:
        yield Check("outbox", "good", "Nothing is stuck.")


def feeds(world: World) -> Iterator[Check]:
    """See that feeds are young enough for 'no known flaw' to mean something."""
    if vulnerabilities.feeds_fresh(world):
        yield Check("feeds", "good", "Every feed is fresh.")
    else:
        hours = world.settings.feed_max_age_hours
        yield Check("feeds", "warning", f"A feed is missing or older than {hours} hours.", "careful feeds sync")


def update_metadata(world: World) -> Iterator[Check]:
    """See that what devices trust is renewed in time, by the worker or by people with keys."""
    late = updates.expiring(world)
    for one in late:
        state: Literal["warning", "bad"] = "warning" if one.state == "due" else "bad"
        says = (
            f"{one.product}: {one.role} {one.version} holds until {one.expires:%Y-%m-%d %H:%MZ}; then nobody updates."
        )
        if one.state == "expired":
            says = f"{one.product}: {one.role} {one.version} has expired; devices install nothing."
        yield Check("trust", state, says, one.do)
    if not late:
        yield Check("trust", "good", "All update metadata holds long enough.")


def online_roles(world: World) -> Iterator[Check]:
    """See how long the metadata holds that the worker signs anew by itself, and whether it does."""
    now = world.clock.now()
    by_product: dict[str, list[updates.OnlineRole]] = {}
    for one in updates.online_roles(world):
        by_product.setdefault(one.product, []).append(one)
    for product, roles in by_product.items():
        until = ", ".join(
            f"{one.role} until {one.expires:%Y-%m-%d %H:%MZ} ({_left(one.expires - now)})" for one in roles
        )
        near = [one.role for one in roles if one.state != "good"]
        if not near:
            yield Check("online roles", "good", f"{product}: {until}.")
        else:
            state: Literal["warning", "bad"] = "warning" if all(one.state != "expired" for one in roles) else "bad"
            says = f"{product}: {' and '.join(near)} should have been signed anew by now; {until}."
            yield Check("online roles", state, says, "The worker does it: careful up")


def _left(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    if hours < 0:
        return "over"
    return f"{hours // 24} days left" if hours >= _DAYS else f"{hours} hours left"


def deltas(world: World) -> Iterator[Check]:
    """See whether deltas are made, and if not, why."""
    if not world.settings.delta_bytes:
        yield Check("deltas", "good", "Off: CAREFUL_DELTA_BYTES is 0. Devices fetch full images.")
    elif not updates.can_make():
        says = "Off, because detools is not installed: devices fetch full images."
        yield Check("deltas", "warning", says, "apt-get install gcc python3-dev, then: pip install 'careful[deltas]'")
    else:
        yield Check("deltas", "good", "Made for the versions that devices run.")


def watch(world: World) -> Iterator[Check]:
    """See that somebody watches what devices do, and that no device waits for a person."""
    newest = monitoring.watched_at(world)
    if newest is None:
        yield Check("watch", "warning", "No gateway has watched devices yet.", "careful up")
    elif world.clock.now() - newest > _WATCHED_EVERY:
        yield Check("watch", "bad", f"The last sign of it is of {newest:%Y-%m-%d %H:%MZ}.", "careful up")
    else:
        yield Check("watch", "good", "Devices are being watched.")
    held = monitoring.counts(world)["held"]
    if held:
        yield Check("held devices", "warning", f"{held} wait for a person's word.", "careful watch list")


CHECKS: tuple[Callable[[World], Iterator[Check]], ...] = (
    clock,
    disk,
    key_modes,
    customers_keys,
    signing_token,
    open_ports,
    tls,
    ledger_proof,
    messages,
    feeds,
    update_metadata,
    online_roles,
    deltas,
    watch,
)


def _room(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:.1f} GB free."
    return Check("disk", "good", says) if free > _ROOM_BYTES else Check("disk", "bad", says, f"du -sh {folder}")


def look_from_outside(settings: Settings, failure: CarefulError | OSError) -> list[Check]:
    """Say what can be said of an installation that cannot be opened."""
    where = "CAREFUL_DATABASE" if settings.database else f"ls -ld {settings.data}"
    says = failure.what if isinstance(failure, CarefulError) else f"{settings.data}: {failure.strerror}."
    there = next(one for one in (settings.data.absolute(), *settings.data.absolute().parents) if one.is_dir())
    return [Check("installation", "bad", f"Cannot be opened. {says}", f"Check {where}"), _room(there)]


def examine(world: World) -> list[Check]:
    """Run every check; one that cannot look is itself a fault."""
    found: list[Check] = []
    for check in CHECKS:
        try:
            found += check(world)
        except (CarefulError, OSError) as failure:
            found.append(Check(check.__name__, "bad", str(failure), "careful up"))
    return found


@click.command()
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check clock, disk, keys, ports, TLS, ledger, outbox, feeds, trust, deltas, watch. Exit 1 when one is bad."""
    parts: Any = ctx.obj
    try:
        found = examine(parts.world())
    except (CarefulError, OSError) as failure:
        found = look_from_outside(parts.settings(), failure)
    if as_json:
        say_json(found)
    else:
        marks = {"good": click.style("good   ", fg="green"), "warning": click.style("warning", fg="yellow")}
        for one in found:
            mark = marks.get(one.state, click.style("bad    ", fg="red"))
            click.echo(f"  {mark}  {one.name:<13} {one.says}" + (f"  ->  {one.do}" if one.do else ""))
    ctx.exit(1 if any(one.state == "bad" for one in found) else 0)
