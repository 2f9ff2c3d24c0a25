"""`careful data export-deidentified` and `whose-copy`: sets for others without persons, and through whom one leaked."""

import os
from pathlib import Path

import click

from careful import customer_data
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid

_MOST = 1 << 30


@click.command(name="export-deidentified")
@click.argument("product")
@click.argument("item")
@click.option("--recipient", required=True, help="Who gets it: small letters, digits, dashes.")
@click.option(
    "--rule", "rules", multiple=True, required=True,
    help="field=keep|value|day|week|month|round:N|cut:N|band:A,B,C, device=pseudonym; what has no rule is left out.",
)  # fmt: skip
@click.option("--suppress", is_flag=True, help="Leave out rows of those who are too few to look alike.")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A new file.")
@click.pass_context
def export_deidentified(
    ctx: click.Context, *, product: str, item: str, recipient: str, rules: tuple[str, ...], suppress: bool, target: Path
) -> None:
    """Hand out data ITEM of PRODUCT without persons; refused below the k that the product file declares."""
    if target.exists():
        raise Invalid(f"{target} is there already.", do="Name a new file.", where="--to")
    made = customer_data.release_deidentified(
        ctx.obj.world(), OPERATOR, product, item, recipient, rules, suppress=suppress
    )
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(made.text)
    except OSError as wrong:
        raise Invalid(f"{target} cannot be written: {wrong.strerror}.", do="Name a new file.", where="--to") from wrong
    click.echo(f"{target}: {made.records} records for {recipient}, {made.left_out} left out. SHA-256 {made.digest}")
    click.echo(f"k = {made.measured.k} (declared {made.wanted}).")
    for name, k in made.measured.without:
        click.echo(f"  without {name}: {k}")
    for line in customer_data.CAUTIONS:
        click.echo(line)


@click.command(name="whose-copy")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--note", is_flag=True, help="Tell the ledger, where it is proven: recommendation U8 counts it.")
@json_option
@click.pass_context
def whose_copy(ctx: click.Context, *, file: Path, note: bool, as_json: bool) -> None:
    """Say through which recipient FILE (a set, a part of one, or mail) came, by what was planted and by its rows."""
    if file.stat().st_size > _MOST:
        raise Invalid(f"{file} is larger than {_MOST} bytes.", do="Give a part of it.", where="FILE")
    found = customer_data.whose_copy(ctx.obj.world(), file.read_bytes())
    if note and found:
        customer_data.note_copy(ctx.obj.world(), OPERATOR, found[0])
    if as_json:
        say_json(found)
        return
    rows = [
        (
            one.id,
            one.recipient,
            one.at,
            f"{one.product} {one.stream}",
            one.planted,
            one.by_mark,
            one.by_values,
            one.says,
        )
        for one in found
    ]
    columns = ("Set", "Recipient", "Made", "Of", "Planted", "Found by mark", "Found by values", "How sure")
    say_table("Whose copy", columns, rows, empty="It is of no set that was handed out, as far as can be told.")


@click.command(name="deidentified")
@json_option
@click.pass_context
def deidentified(ctx: click.Context, *, as_json: bool) -> None:
    """List sets that were measured for others: for whom, k, what made it low, whether it was handed out."""
    found = customer_data.deidentified_sets(ctx.obj.world())
    if as_json:
        say_json(found)
        return
    rows = [
        (
            one.at,
            one.export or None,
            f"{one.product} {one.stream}",
            one.recipient,
            one.records,
            one.k,
            one.wanted,
            one.low,
        )
        for one in found
    ]
    columns = ("Measured", "Set", "Of", "Recipient", "Records", "k", "Declared", "Made low by")
    empty = "None yet. See: careful data export-deidentified --help"
    say_table("Sets for others", columns, rows, empty=empty)


COMMANDS: tuple[click.Command, ...] = (export_deidentified, deidentified, whose_copy)
