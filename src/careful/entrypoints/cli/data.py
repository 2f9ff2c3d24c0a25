"""`careful data`: what is declared and what is seen of customers' data, consents, and what else is done with it.

Commands that have a file of their own are listed in `_BESIDE`; each module names its commands in `COMMANDS`.
"""

import importlib
from typing import Any

import click

from careful import customer_data
from careful.entrypoints.cli.output import json_option, say_json, say_table

_BESIDE = ("data_consent", "data_reads", "data_break_glass", "data_ends", "data_requests", "data_deidentified")


class _WithOthers(click.Group):
    """A group whose other commands live beside it."""

    def _others(self) -> dict[str, click.Command]:
        modules: list[Any] = [importlib.import_module(f"careful.entrypoints.cli.{name}") for name in _BESIDE]
        return {str(one.name): one for module in modules for one in module.COMMANDS}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List our commands, then the others."""
        return [*super().list_commands(ctx), *self._others()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of ours, else one of the others."""
        return super().get_command(ctx, cmd_name) or self._others().get(cmd_name)


@click.group(cls=_WithOthers)
def command() -> None:
    """See what is collected, refused and read; note consents; end a customer's time."""


@command.command()
@click.argument("product", required=False)
@click.argument("item", required=False)
@json_option
@click.pass_context
def show(ctx: click.Context, *, product: str | None, item: str | None, as_json: bool) -> None:
    """List declared data items beside what was seen of them; with ITEM, its fields."""
    world = ctx.obj.world()
    if product and item:
        one = customer_data.data_item(world, product, item)
        if as_json:
            say_json(one)
            return
        fields = [
            (each.name, each.may_be, "yes" if each.personal else "no", each.consent,
             each.retention_days, each.records, each.last_at, each.refused)
            for each in one.fields
        ]  # fmt: skip
        columns = ("Field", "May be", "Personal", "Consent", "Kept, days", "Taken", "Last", "Refused")
        say_table(f"{product}: {item}", columns, fields, empty="No field is declared: every record would be refused.")
        return
    found = customer_data.data_table(world, product)
    if as_json:
        say_json(found)
        return
    rows = [
        (one.product, one.item, _known(one.personal), one.purpose, one.consent, one.retention_days, one.refusal,
         one.records if one.stream else None, one.last_at, one.refused)
        for one in found
    ]  # fmt: skip
    names = ("Product", "Item", "Personal", "Purpose", "Consent", "Kept, days", "Refuses", "Taken", "Last", "Refused")
    say_table("Data", names, rows, empty="No data is declared. See: careful product show PRODUCT")


@command.command()
@click.argument("product", required=False)
@click.option("--item", default="", help="Only this data item.")
@click.option("--kind", default="", help="Only this kind, such as undeclared-field.")
@json_option
@click.pass_context
def refused(ctx: click.Context, *, product: str | None, item: str, kind: str, as_json: bool) -> None:
    """List what devices sent and was not taken, by release and field, the newest first."""
    found = [
        one
        for one in customer_data.refused_fields(ctx.obj.world(), product)
        if item in {"", one.item} and kind in {"", one.kind}
    ]
    if as_json:
        say_json(found)
        return
    rows = [
        (one.product, one.release or "not said", one.item, one.field, one.kind, one.count, one.left_out, one.devices,
         one.last_at)
        for one in found
    ]  # fmt: skip
    columns = ("Product", "Release", "Item", "Field", "Why", "Times", "Left out", "Devices", "Last")
    say_table("Refused", columns, rows, empty="Nothing was refused in the last 90 days.")
    for (name, release), version in sorted(customer_data.pinned_away(ctx.obj.world(), found).items()):
        click.echo(f"{name} {release} keeps to an older product file. Some of this, version {version} declares:")
        click.echo(f"  careful release pin {name} {release} {version} --reason …")


def _known(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "not stated"}[value]
