"""`careful data request`: what a customer asks for: to see, take along, correct or delete their data."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from careful import customer_data
from careful.customer_data import PROOFS, REQUEST_KINDS, Request, RequestKind
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid


@click.group(name="request")
def request() -> None:
    """Note, prove, answer and refuse what customers ask for."""


@request.command(name="open")
@click.argument("device")
@click.argument("kind", type=click.Choice(list(REQUEST_KINDS)))
@json_option
@click.pass_context
def open_(ctx: click.Context, *, device: str, kind: str, as_json: bool) -> None:
    """Note that the customer of DEVICE asks for KIND; the clock begins."""
    made = customer_data.open_request(ctx.obj.world(), OPERATOR, device, cast("RequestKind", kind))
    say(made, f"Request {made.id}: due {_day(made.due)} ({made.law}). Prove it: careful data request code {made.id}",
        as_json=as_json)  # fmt: skip


@request.command(name="list")
@click.argument("device", required=False)
@json_option
@click.pass_context
def list_(ctx: click.Context, *, device: str | None, as_json: bool) -> None:
    """List requests, of DEVICE or of all: the open ones first, by when they are due."""
    world = ctx.obj.world()
    found = customer_data.requests_of(world, device=device)
    if as_json:
        say_json(found)
        return
    now = world.clock.now()
    rows = [
        (one.id, one.device, one.kind, one.state(now), one.opened_at, one.due, one.law, PROOFS.get(one.proof, ""),
         one.closed_at)
        for one in found
    ]  # fmt: skip
    columns = ("Request", "Device", "Kind", "State", "Received", "Due", "By", "Proven by", "Closed")
    say_table("Requests", columns, rows, empty="None yet. Note one: careful data request open DEVICE KIND")


@request.command()
@click.argument("request_id", metavar="REQUEST")
@json_option
@click.pass_context
def show(ctx: click.Context, *, request_id: str, as_json: bool) -> None:
    """Print how REQUEST stands, as a signed receipt; the key to check it: careful data receipts --key."""
    world = ctx.obj.world()
    if as_json:
        say_json(customer_data.find_request(world, request_id))
    else:
        click.echo(customer_data.signed_request(world, request_id), nl=False)


@request.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--to", type=click.Choice(["device", "mail"]), default="device", help="To the device, or by e-mail.")
@json_option
@click.pass_context
def code(ctx: click.Context, *, request_id: str, to: str, as_json: bool) -> None:
    """Send a code, which whoever asked reads from their device or their e-mail."""
    sent = customer_data.send_code(ctx.obj.world(), OPERATOR, request_id, "mail" if to == "mail" else "device")
    say(sent, f"A code is on its way; it is good for 15 minutes: careful data request prove {request_id} --code CODE",
        as_json=as_json)  # fmt: skip


@request.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--code", help="The code that was sent.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The device's public key.")
@click.option(
    "--signature", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signature, by that key, of `careful customer request REQUEST`.",
)  # fmt: skip
@click.option("--reason", help="By what you judge that it is the customer.")
@json_option
@click.pass_context
def prove(
    ctx: click.Context, *, request_id: str, code: str | None, key: Path | None, signature: Path | None,
    reason: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Prove that REQUEST comes from the customer: by code, by the device's signature, or by your judgement."""
    world = ctx.obj.world()
    if code:
        done = customer_data.prove_by_code(world, OPERATOR, request_id, code)
    elif key and signature:
        done = customer_data.prove_by_signature(world, OPERATOR, request_id, key.read_bytes(), signature.read_bytes())
    elif reason:
        done = customer_data.prove_by_staff(world, OPERATOR, request_id, reason)
    else:
        raise Invalid("Say how it is proven.", do="Use --code, --key with --signature, or --reason.")
    say(done, f"Proven: {PROOFS[done.proof]}. Answer it: careful data request answer {request_id}", as_json=as_json)


@request.command()
@click.argument("request_id", metavar="REQUEST")
@json_option
@click.pass_context
def answer(ctx: click.Context, *, request_id: str, as_json: bool) -> None:
    """Answer REQUEST: make the file (access, export), or delete. Prints the receipt."""
    world = ctx.obj.world()
    kind = customer_data.find_request(world, request_id).kind
    act = customer_data.delete_requested if kind == "delete" else customer_data.export_requested
    done = act(world, OPERATOR, request_id)
    say(done, customer_data.signed_request(world, request_id).rstrip("\n"), as_json=as_json)


@request.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A new file.")
@click.pass_context
def fetch(ctx: click.Context, *, request_id: str, target: Path) -> None:
    """Fetch the file that was made for REQUEST, to be handed to the customer. It is in the clear: delete it then."""
    content = customer_data.fetch_export(ctx.obj.world(), OPERATOR, request_id)
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as wrong:
        raise Invalid(f"{target} cannot be written: {wrong.strerror}.", do="Name a new file.", where="--to") from wrong
    click.echo(f"{target}: {len(content)} bytes. Hand it to the customer, then delete it here.")


@request.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--stream", required=True, help="Such as up/climate.")
@click.option("--at", required=True, help="When the reading came, as the export says it (RFC 3339).")
@click.option("--field", required=True, help="Which field of it.")
@click.option("--value", required=True, help="What the customer says is right.")
@json_option
@click.pass_context
def correct(
    ctx: click.Context, *, request_id: str, stream: str, at: str, field: str, value: str, as_json: bool
) -> None:
    """Write down what the customer says is right, beside the reading; what was measured stays."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise Invalid(f"{at[:40]!r} is no moment.", do="Write 2026-11-02T09:00:00Z.", where="--at") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    done = customer_data.correct_requested(
        ctx.obj.world(), OPERATOR, request_id, stream=stream, at=moment, field=field, value=value
    )
    say(done, f"{done.device}: written down beside the reading.", as_json=as_json)


@request.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--reason", required=True, help="Why; the customer reads it.")
@json_option
@click.pass_context
def extend(ctx: click.Context, *, request_id: str, reason: str, as_json: bool) -> None:
    """Take the longer time that the law allows, once, before the first is over."""
    done = customer_data.extend_request(ctx.obj.world(), OPERATOR, request_id, reason)
    say(done, f"Request {done.id}: now due {_day(done.due)}. Tell the customer why.", as_json=as_json)


@request.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--reason", required=True, help="Why; the customer reads it.")
@json_option
@click.pass_context
def refuse(ctx: click.Context, *, request_id: str, reason: str, as_json: bool) -> None:
    """Refuse REQUEST, for a reason that its receipt says."""
    world = ctx.obj.world()
    done = customer_data.refuse_request(world, OPERATOR, request_id, reason)
    say(done, customer_data.signed_request(world, request_id).rstrip("\n"), as_json=as_json)


def say(one: Request, words: str, *, as_json: bool) -> None:
    """Print a request as JSON, or some words."""
    if as_json:
        say_json(one)
    else:
        click.echo(words)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


COMMANDS: tuple[click.Command, ...] = (request,)
