"""`careful device`: make tokens, see the fleet, cut off and restore, know whom to tell, look after the authorities."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from careful import devices, updates
from careful.entrypoints.cli import device_ends, device_label, device_traits, gateway_token
from careful.entrypoints.cli.output import cell, json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid
from careful.kernel.ledger import Entry
from careful.workflows.device_story import story

_reason = click.option("--reason", required=True, help="Why, in a sentence; it stays in the ledger.")


@click.group()
def command() -> None:
    """Enrol, list, quarantine and retire devices."""


command.add_command(device_traits.set_)
command.add_command(device_traits.postpone)
command.add_command(device_traits.answer)
command.add_command(device_label.label)
command.add_command(device_ends.transfer)
command.add_command(device_ends.reset)


command.add_command(gateway_token.command)


@command.command()
@click.option("--product", required=True, help="The product the devices are of.")
@click.option("--hardware", required=True, help="Hardware revision, such as rev-a.")
@click.option(
    "--count", type=click.IntRange(1, devices.TOKENS_AT_ONCE), help="How many tokens; each device chooses its own name."
)
@click.option("--id", "ids", multiple=True, help="A token for this device alone; may be given many times.")
@json_option
@click.pass_context
def token(
    ctx: click.Context, *, product: str, hardware: str, count: int | None, ids: tuple[str, ...], as_json: bool
) -> None:
    """Make one-time enrolment tokens. They are shown now and never again."""
    if bool(ids) == bool(count):
        raise Invalid("Say either how many tokens or for which devices.", do="Use --count 5, or --id cam-1-001.")
    wanted: Sequence[str] | int = list(ids) or count or 1
    made = devices.make_tokens(ctx.obj.world(), OPERATOR, product, wanted, hardware)
    if as_json:
        say_json(made)
        return
    rows = [(one.device, one.token, one.expires) for one in made]
    say_table("Enrolment tokens", ("Device", "Token", "Expires"), rows, empty="")


@command.command(name="list")
@click.option("--product", help="Only devices of this product.")
@click.option("--version", help='Only devices that reported this version; "" for none yet.')
@click.option("--state", type=click.Choice(devices.STATES), help="Only devices in this state.")
@click.option("--region", help="Only devices in this region.")
@click.option("--tag", help="Only devices with this tag.")
@click.option("--after", help="Start after this id (for the next page).")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many at most.")
@json_option
@click.pass_context
def list_(ctx: click.Context, /, *, as_json: bool, **filters: Any) -> None:  # noqa: ANN401 (click passes options by name)
    """List devices by id."""
    found = devices.list_devices(ctx.obj.world(), **filters)
    if as_json:
        say_json(found)
        return
    rows = [
        (one.id, one.product, one.hardware, one.state, one.version, one.certificate_until, one.last_seen)
        for one in found
    ]
    columns = ("Device", "Product", "Hardware", "State", "Version", "Certificate until", "Last seen")
    say_table("Devices", columns, rows, empty="No device here yet. Make a token: careful device token")


@command.command()
@json_option
@click.pass_context
def summary(ctx: click.Context, *, as_json: bool) -> None:
    """Show the fleet in numbers, and how many certificates are about to end."""
    fleet = devices.fleet_summary(ctx.obj.world())
    if as_json:
        say_json(fleet)
        return
    rows = [(product, *counts.values()) for product, counts in fleet.by_product.items()]
    columns = ("Product", *(state.capitalize() for state in devices.STATES))
    say_table("Fleet", columns, rows, empty="No device yet. Make a token: careful device token")
    click.echo(f"Devices: {fleet.total}; {fleet.ending_soon} certificates end within 7 days, {fleet.ended} have ended.")


@command.command()
@click.argument("device")
@json_option
@click.pass_context
def show(ctx: click.Context, *, device: str, as_json: bool) -> None:
    """Show one device with its certificates, what it was refused and what happened to it."""
    world = ctx.obj.world()
    known = dataclasses.asdict(devices.get(world, device))
    line = devices.certificates_of(world, device)
    refused = devices.refusals(world, device)
    told = [_part(one) for one in story(world, device)]
    if as_json:
        history = [dict(zip(("at", "by", "what", "detail"), one, strict=True)) for one in told]
        said = dataclasses.asdict(devices.traits(world, device))
        signed = updates.signed_version(world, device)
        more = {"manifest": signed, "certificates": line, "refusals": refused, "history": history}
        say_json({**known, "traits": said, **more})
        return
    for name, value in known.items():
        click.echo(f"{name.replace('_', ' '):>19}  {cell(value)}")
    click.echo(f"{'signed':>19}  {_signed(updates.signed_version(world, device), known['version'])}")
    for name, value in dataclasses.asdict(devices.traits(world, device)).items():
        click.echo(f"{name:>19}  {cell(', '.join(value) if isinstance(value, tuple) else value)}")
    rows = [(one.number, one.sha256, one.not_after, one.first_used, one.ended_why) for one in line]
    columns = ("No.", "Certificate", "Until", "First used", "Ended")
    say_table("Certificates", columns, rows, empty="It has no certificate yet.")
    _say_refusals(refused)
    say_table("What happened, newest first", ("When", "By", "What", "Detail"), told, empty="Nothing has happened yet.")


def _signed(said: updates.SignedVersion | None, version: str | None) -> str:
    """Say whether the device has signed the version that it is held to run."""
    if said is None:
        return "it has signed nothing about its software"
    if said.state != "signed":
        return f"{said.why} ({said.state}, {cell(said.at)})"
    if said.vouches_for(version):
        return f"by the device, {cell(said.at)}{f', after order {said.answers}' if said.answers else ''}"
    return f"it last signed {said.version}, {cell(said.at)}"


def _part(one: Entry | updates.Order) -> tuple[datetime, str, str, str]:
    """Return a part of a device's story: when, by whom, what, and what more is known of it."""
    if isinstance(one, Entry):
        said = {key: value for key, value in one.data.items() if key not in {"device", "product"} and value is not None}
        return one.at, one.actor, one.name, "; ".join(f"{key} {cell(value)}" for key, value in said.items())
    order = f"version {one.version}; rollout {one.rollout}; order {one.id} {one.state}"
    order += f"; {one.detail}" if one.detail else ""
    return one.made_at, "system:careful", "updates.offered", order


def _verb(name: str, act: Callable[..., None], says: str, done: str) -> None:
    """Add a command that takes a device and a reason."""

    @command.command(name=name, help=says)
    @click.argument("device")
    @_reason
    @json_option
    @click.pass_context
    def run(ctx: click.Context, *, device: str, reason: str, as_json: bool) -> None:
        world = ctx.obj.world()
        act(world, OPERATOR, device, reason)
        state = devices.get(world, device).state
        if as_json:
            say_json({"device": device, "state": state})
        else:
            click.echo(done.format(device=device))


_verb(
    "quarantine",
    devices.quarantine,
    "Cut a device off until it is restored.",
    "{device} is quarantined; its connections end within seconds. Undo: careful device restore {device} --reason …",
)
_verb("restore", devices.restore, "Let a quarantined device speak again.", "{device} may speak again.")
_verb(
    "revoke",
    devices.revoke,
    "End a device's certificates; it needs a new token to come back.",
    "The certificates of {device} are revoked.",
)
_verb("retire", devices.retire, "End a device's life, for good.", "{device} is retired.")


@command.command()
@click.argument("device")
@click.option("--email", help="Whom to tell when the device has a flaw; replaces an earlier address.")
@click.option("--forget", is_flag=True, help="Erase the address.")
@json_option
@click.pass_context
def owner(ctx: click.Context, *, device: str, email: str | None, forget: bool, as_json: bool) -> None:
    """Set or erase the owner's e-mail address. Addresses never reach the ledger."""
    if bool(email) == forget:
        raise Invalid("Say what to do with the owner.", do="Use --email name@example.com, or --forget.")
    world = ctx.obj.world()
    if email:
        result: dict[str, Any] = {"device": device, "owner": devices.set_owner(world, OPERATOR, device, email)}
    else:
        devices.get(world, device)  # a mistyped id is an error, not "nothing to forget"
        result = {"device": device, "forgotten": devices.forget_owner(world, OPERATOR, device)}
    if as_json:
        say_json(result)
    elif email:
        click.echo(f"The owner of {device} will be told.")
    else:
        click.echo("The address was erased." if result["forgotten"] else f"{device} has no owner's address.")


@command.command(name="target-token")
@click.argument("device")
@json_option
@click.pass_context
def target_token(ctx: click.Context, *, device: str, as_json: bool) -> None:
    """Make a token with which a device polls for updates without a certificate. Shown once."""
    made = devices.set_target_token(ctx.obj.world(), OPERATOR, device)
    if as_json:
        say_json({"device": device, "target_token": made})
    else:
        click.echo(made)


@command.command()
@click.argument("device", required=False)
@json_option
@click.pass_context
def refusals(ctx: click.Context, *, device: str | None, as_json: bool) -> None:
    """Show what was refused and how often: of one device, or of all and of strangers."""
    found = devices.refusals(ctx.obj.world(), device)
    if as_json:
        say_json(found)
    else:
        _say_refusals(found)


def _say_refusals(found: Sequence[devices.RefusalCount]) -> None:
    rows = [(one.device or "strangers", one.kind, one.detail, one.count, one.last_at) for one in found]
    say_table("Refused", ("Device", "Refused", "Latest", "Times", "Last"), rows, empty="Nothing was refused.")


@command.group()
def authority() -> None:
    """See our certificate authorities, and move the root's key off this machine or back."""


@authority.command(name="show")
@json_option
@click.pass_context
def authority_show(ctx: click.Context, *, as_json: bool) -> None:
    """Show digests and ends of the authorities, and where to find what devices trust."""
    world = ctx.obj.world()
    known = dataclasses.asdict(devices.authority_status(world))
    known["bundle"] = str(devices.authority_bundle_path(world))
    if as_json:
        say_json(known)
        return
    for name, value in known.items():
        click.echo(f"{name.replace('_', ' '):>16}  {cell(value)}")


@authority.command(name="export-root")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def authority_export(ctx: click.Context, *, file: Path, as_json: bool) -> None:
    """Move the root's key into FILE. Certificates are issued without it; keep FILE offline."""
    devices.export_root(ctx.obj.world(), OPERATOR, file)
    if as_json:
        say_json({"exported": str(file)})
    else:
        click.echo(f"The root key is in {file} and no longer here. Keep it offline, and keep it.")


@authority.command(name="import-root")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def authority_import(ctx: click.Context, *, file: Path, as_json: bool) -> None:
    """Bring the root's key back from FILE."""
    devices.import_root(ctx.obj.world(), OPERATOR, file)
    if as_json:
        say_json({"imported": str(file)})
    else:
        click.echo("The root key is here again.")
