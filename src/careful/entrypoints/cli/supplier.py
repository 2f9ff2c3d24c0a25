"""`careful supplier`: who gets data or delivers parts, what they showed and signed, and what is missing."""

from datetime import date, datetime
from pathlib import Path

import click

from careful import people, products, suppliers
from careful.entrypoints.cli.output import json_option, say_json, say_table
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Invalid, NotFound, TooLarge
from careful.kernel.work import World

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(name="supplier")
def command() -> None:
    """Keep the record of suppliers: evidence with an end, contracts as obligations, and questions."""


@command.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """List suppliers, and where data of products goes without evidence or obligations."""
    world: World = ctx.obj.world()
    known, today = suppliers.list_all(world), world.clock.now().date()
    missing = [
        {"product": product.id, "what": need.what, "who": need.who, "missing": found}
        for product, need, found in products.handed_out_without(world)
    ]
    if as_json:
        say_json({"suppliers": known, "missing": missing})
        return
    rows = [_row(one, today) for one in known]
    columns = ("Id", "Name", "Evidence until", "Contract until", "Asked", "")
    say_table("Suppliers", columns, rows, empty="No suppliers. Run: careful supplier record ID --name NAME")
    for one in missing:
        click.echo(f"{one['product']}: {one['what']}: {'; '.join(one['missing'])}.", err=True)


def _row(one: suppliers.Supplier, today: date) -> tuple[object, ...]:
    shown = max((each.until for each in one.evidence if each.counts(today)), default=None)
    binds = one.contract(today)
    waits = sum(each.waits_for == "them" for each in one.items)
    return one.id, one.name, shown, binds.until if binds else None, waits, "ended" if one.ended_at else ""


@command.command()
@click.argument("supplier")
@json_option
@click.pass_context
def show(ctx: click.Context, *, supplier: str, as_json: bool) -> None:
    """Show one supplier with all that is on file."""
    world: World = ctx.obj.world()
    one, today = suppliers.get(world, supplier), world.clock.now().date()
    if as_json:
        say_json(one)
        return
    click.echo(
        f"{one.name} ({one.id})\n  contact   {one.contact or 'not said'}\n  delivers  {one.delivers or 'not said'}"
    )
    shown = [(each.id, each.title, each.kind, each.standing(today), each.until) for each in one.evidence]
    say_table("Evidence", ("Id", "Evidence", "Kind", "State", "Until"), shown, empty="No evidence is on file.")
    contract = one.contract(today)
    holds = sorted(suppliers.clause_words(*each) for each in contract.clauses.items()) if contract else []
    click.echo(f"Contract until {contract.until}: {', '.join(holds)}" if contract else "No contract is in force.")
    asked = [(each.id, each.asks, each.due, each.waits_for, each.answer) for each in one.items]
    say_table("Asked", ("Id", "Asked", "By", "Waits for", "Answer"), asked, empty="Nothing was asked.")


@command.command()
@click.argument("supplier")
@click.option("--name", required=True, help="As product files name it: owner of an element, or among recipients.")
@click.option("--contact", default="", help="Where to reach it when something happens.")
@click.option("--delivers", default="", help="What it delivers.")
@json_option
@click.pass_context
def record(ctx: click.Context, *, supplier: str, name: str, contact: str, delivers: str, as_json: bool) -> None:
    """Put SUPPLIER on record, or change what is."""
    suppliers.record(ctx.obj.world(), OPERATOR, supplier, name=name, contact=contact, delivers=delivers)
    _said(as_json, {"supplier": supplier}, f"{name} is on record as {supplier}.")


@command.command()
@click.argument("supplier")
@click.option("--kind", type=click.Choice(suppliers.EVIDENCE_KINDS), required=True, help="What it is.")
@click.option("--title", required=True, help="Its name.")
@click.option("--until", type=_DAY, required=True, help="The last day it counts.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="At most 5 MiB; kept as it is.")
@click.option("--reference", default="", help="Or where it is.")
@json_option
@click.pass_context
def evidence(
    ctx: click.Context,
    *,
    supplier: str,
    kind: str,
    title: str,
    until: datetime,
    file: Path | None,
    reference: str,
    as_json: bool,
) -> None:
    """Put evidence of SUPPLIER on file and accept it."""
    world: World = ctx.obj.world()
    given = suppliers.give_evidence(
        world, OPERATOR, supplier, kind=kind, title=title, until=until.date(), reference=reference,
        file_name=file.name if file else "", content=_read(file) if file else None,
    )  # fmt: skip
    suppliers.accept_evidence(world, OPERATOR, given)
    _said(as_json, {"evidence": given}, f"Evidence {given} counts until {until.date()}.")


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    if file.stat().st_size > suppliers.MOST_FILE_BYTES:
        raise TooLarge(f"A file has at most {suppliers.MOST_FILE_BYTES >> 20} MiB.", do="Give a --reference instead.")
    return file.read_bytes()


@command.command()
@click.argument("evidence")
@json_option
@click.pass_context
def accept(ctx: click.Context, *, evidence: str, as_json: bool) -> None:
    """Rely on EVIDENCE that a supplier handed in."""
    suppliers.accept_evidence(ctx.obj.world(), OPERATOR, evidence)
    _said(as_json, {"evidence": evidence, "state": "accepted"}, f"Evidence {evidence} counts.")


@command.command()
@click.argument("evidence")
@click.option("--reason", required=True, help="Why; it goes into the ledger.")
@json_option
@click.pass_context
def withdraw(ctx: click.Context, *, evidence: str, reason: str, as_json: bool) -> None:
    """Rely on EVIDENCE no longer."""
    suppliers.withdraw_evidence(ctx.obj.world(), OPERATOR, evidence, reason)
    _said(as_json, {"evidence": evidence, "state": "withdrawn"}, f"Evidence {evidence} counts no longer.")


@command.command()
@click.argument("supplier")
@click.option("--signed", type=_DAY, required=True, help="When it was signed.")
@click.option("--until", type=_DAY, required=True, help="The last day it binds.")
@click.option("--clause", "clauses", multiple=True, required=True, help="encrypt, notify=HOURS, delete=DAYS, …")
@click.option("--reference", default="", help="Where it lies.")
@json_option
@click.pass_context
def contract(
    ctx: click.Context,
    *,
    supplier: str,
    signed: datetime,
    until: datetime,
    clauses: tuple[str, ...],
    reference: str,
    as_json: bool,
) -> None:
    """Note a signed contract with SUPPLIER, in place of the one before."""
    number = suppliers.note_contract(
        ctx.obj.world(), OPERATOR, supplier, signed=signed.date(), until=until.date(),
        clauses=suppliers.read_clauses(clauses), reference=reference,
    )  # fmt: skip
    _said(as_json, {"contract": number}, f"Contract {number} binds until {until.date()}.")


@command.command()
@click.argument("supplier")
@click.argument("asks")
@click.option("--due", type=_DAY, required=True, help="By when.")
@json_option
@click.pass_context
def ask(ctx: click.Context, *, supplier: str, asks: str, due: datetime, as_json: bool) -> None:
    """Ask SUPPLIER for something."""
    item = suppliers.ask(ctx.obj.world(), OPERATOR, supplier, asks, due.date())
    _said(as_json, {"item": item}, f"Asked: {item}.")


@command.command()
@click.argument("item")
@json_option
@click.pass_context
def close(ctx: click.Context, *, item: str, as_json: bool) -> None:
    """Be done with ITEM that was asked."""
    suppliers.close(ctx.obj.world(), OPERATOR, item)
    _said(as_json, {"item": item, "state": "closed"}, f"{item} is closed.")


@command.command()
@click.argument("supplier")
@click.argument("email")
@json_option
@click.pass_context
def bind(ctx: click.Context, *, supplier: str, email: str, as_json: bool) -> None:
    """Let somebody with the role supplier see and answer what SUPPLIER is asked."""
    world: World = ctx.obj.world()
    person = people.account_of(world, email)
    if "supplier" not in person.roles:
        raise Invalid(f"The role of {person.name} is not supplier.", do="Invite: careful staff link --role supplier")
    suppliers.bind(world, OPERATOR, person.id, supplier)
    _said(as_json, {"account": person.id, "supplier": supplier}, f"{person.name} answers for {supplier}.")


@command.command()
@click.argument("supplier")
@click.option("--reason", required=True, help="Why; it goes into the ledger.")
@json_option
@click.pass_context
def end(ctx: click.Context, *, supplier: str, reason: str, as_json: bool) -> None:
    """Be done with SUPPLIER: nothing may go to it, and its people see nothing."""
    suppliers.end(ctx.obj.world(), OPERATOR, supplier, reason)
    _said(as_json, {"supplier": supplier, "state": "ended"}, f"{supplier} is no longer a supplier.")


def _said(as_json: bool, told: dict[str, object], says: str) -> None:
    if as_json:
        say_json(told)
    else:
        click.echo(says)
