"""`careful device label`: the codes by which owners claim their devices, for printing on units."""

import csv
import sys

import click

from careful import owners
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR


@click.command()
@click.argument("product")
@click.option("--id", "ids", multiple=True, help="Only for this device; may be given many times.")
@click.option("--again", is_flag=True, help="Make new codes for devices that have one; those on their labels are void.")
@click.option("--csv", "as_csv", is_flag=True, help="Print device, code, address as CSV, for the label printer.")
@json_option
@click.pass_context
def label(ctx: click.Context, *, product: str, ids: tuple[str, ...], again: bool, as_csv: bool, as_json: bool) -> None:
    """Make the codes on the labels of PRODUCT's devices, for all that have none, or for some.

    They are shown now and never again. The address leads to the page on which the owner types the code.
    """
    made = owners.make_codes(ctx.obj.world(), OPERATOR, product, ids, again=again)
    if as_json:
        say_json(made)
        return
    rows = [(one.device, one.code, one.address) for one in made]
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([("device", "code", "address"), *rows])
        return
    say_table("Codes for labels", ("Device", "Code", "Address"), rows, empty="Every device has a code already.")
