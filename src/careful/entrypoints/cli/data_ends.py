"""`careful data delete` and its like: ending a customer's time, receipts, epochs, and the proof that it works."""

from pathlib import Path

import click

from careful import customer_data
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Refused
from careful.workflows import second_person


@click.command()
@click.argument("device")
@click.option("--reason", default="", help="Why; needed where a second person has to agree.")
@json_option
@click.pass_context
def delete(ctx: click.Context, *, device: str, reason: str, as_json: bool) -> None:
    """Delete what DEVICE's present customer has: they asked for it. Prints the receipt."""
    world = ctx.obj.world()
    say_receipt(ctx, second_person.purge(world, OPERATOR, device, "asked", reason=reason), as_json=as_json)


def say_receipt(ctx: click.Context, made: customer_data.Receipt, *, as_json: bool) -> None:
    """Print a receipt: signed, or its parts as JSON."""
    if as_json:
        say_json(made)
    else:
        click.echo(customer_data.signed_receipt(ctx.obj.world(), made.id), nl=False)


@click.command()
@click.argument("receipt")
@json_option
@click.pass_context
def receipt(ctx: click.Context, *, receipt: str, as_json: bool) -> None:
    """Print a receipt as it stands now, signed; the key to check it is printed by `receipts --key`."""
    say_receipt(ctx, customer_data.receipt(ctx.obj.world(), receipt), as_json=as_json)


@click.command()
@click.argument("device", required=False)
@click.option("--key", is_flag=True, help="Print the key with which receipts can be checked, and nothing else.")
@json_option
@click.pass_context
def receipts(ctx: click.Context, *, device: str | None, key: bool, as_json: bool) -> None:
    """List receipts of ended customers' times, of DEVICE or of all, the newest first."""
    world = ctx.obj.world()
    if key:
        click.echo(customer_data.receipt_verifier(world))
        return
    found = customer_data.receipts(world, device=device)
    if as_json:
        say_json(found)
        return
    rows = [
        (one.id, one.device, customer_data.WORDS[one.why], one.at, one.records, one.swept_at, one.due, one.destroyed_at)
        for one in found
    ]
    columns = ("Receipt", "Device", "Why", "Key destroyed", "Records", "Swept", "Unrecoverable by", "Epoch's key gone")
    say_table("Receipts", columns, rows, empty="No customer's time has ended yet. See: careful data delete DEVICE")


@click.command()
@json_option
@click.pass_context
def epochs(ctx: click.Context, *, as_json: bool) -> None:
    """List epochs: whose key wraps customers' keys, until when, and when it was destroyed."""
    found = customer_data.epochs(ctx.obj.world())
    if as_json:
        say_json(found)
        return
    rows = [(one.number, one.begins, one.ends, one.closed_at, one.destroyed_at) for one in found]
    columns = ("Epoch", "Begins", "Ends", "Wraps nothing since", "Key destroyed")
    say_table("Epochs", columns, rows, empty="None yet: the first begins when something personal is to be stored.")


@click.command(name="keys-lost")
@click.option("--yes", is_flag=True, help="Do it: what was sealed under these keys is lost for good.")
@json_option
@click.pass_context
def keys_lost(ctx: click.Context, *, yes: bool, as_json: bool) -> None:
    """After a restore without the epoch's key: give up what was sealed, so that devices can send again."""
    if not yes:
        raise Refused(
            "This ends the time of every customer whose epoch's key is not here.",
            do="Look for the key first (docs/data.md); to give it up: careful data keys-lost --yes",
        )
    count = customer_data.give_up_keys(ctx.obj.world(), OPERATOR)
    if as_json:
        say_json({"customers": count})
    else:
        click.echo(f"The time of {count} customers ended; their devices may send again.")


@click.command(name="prove-deletion")
@click.option(
    "--backup", "backups", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
    help="Look into this backup too; may be given many times.",
)  # fmt: skip
@click.option(
    "--postgres-data", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where PostgreSQL's data directory can be read, with its log; else it is searched where the server names it.",
)  # fmt: skip
@click.option("--no-backup", is_flag=True, help="Take no backup while the value is there (it may be large).")
@json_option
@click.pass_context
def prove_deletion(
    ctx: click.Context, *, backups: tuple[Path, ...], postgres_data: Path | None, no_backup: bool, as_json: bool
) -> None:
    """Plant a value, delete it, look for it in every file, stream, table and backup, and record what was found."""
    proof = customer_data.prove_deletion(
        ctx.obj.world(), OPERATOR, backups, take_backup=not no_backup, postgres_data=postgres_data
    )
    if as_json:
        say_json(proof)
    else:
        _say_proof(proof)
    if not proof.held:
        ctx.exit(1)


def _say_proof(proof: customer_data.Proof) -> None:
    word = "held" if proof.held else "did NOT hold"
    click.echo(f"Deletion {word}. Searched in {proof.seconds:.1f} s ({proof.store}): {'; '.join(proof.searched)}.")
    for place in proof.unsearched:
        click.echo(f"  Not searched: {place}.")
    for one in proof.finds:
        click.echo(f"  {one.what}: {one.place} ({one.when})")
    if proof.in_backups and proof.due is not None:
        click.echo(
            f"Backups hold {' and '.join(proof.in_backups)}, which only the key of epoch {proof.epoch} opens;"
            f" it is destroyed by {proof.due:%Y-%m-%d}."
        )
    if proof.in_files and proof.due is not None:
        click.echo(
            f"PostgreSQL's own files still hold {' and '.join(proof.in_files)}: as useless without that key, and"
            " overwritten in time."
        )


COMMANDS: tuple[click.Command, ...] = (delete, receipts, receipt, prove_deletion, epochs, keys_lost)
