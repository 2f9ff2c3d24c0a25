"""`careful evidence`: verdicts, the ledger's proof, and what an auditor takes away."""

from pathlib import Path
from typing import Any

import click

from careful import assurance
from careful.entrypoints.cli.output import cell, json_option, say_json, say_table
from careful.kernel import audit, ledger
from careful.kernel.errors import Invalid, Refused

_SHOWN = 10
_NOTE_BYTES = 1 << 16


@click.group()
def command() -> None:
    """See what is proven, and prove it to somebody else."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List every verdict: met, not met, not applicable or unknown."""
    parts: Any = ctx.obj
    found = assurance.verdicts(parts.world())
    if as_json:
        say_json(found)
        return
    rows = [(one.id, one.verdict.value, one.title, one.true_at, one.stale_at) for one in found]
    say_table(
        "Recommendations", ["id", "verdict", "title", "true at", "stale at"], rows, empty="Nothing is decided here."
    )
    click.echo("\nWhy: careful evidence show ID")


@command.command()
@click.argument("recommendation")
@json_option
@click.pass_context
def show(ctx: click.Context, recommendation: str, as_json: bool) -> None:
    """Show one verdict with the ledger entries that decide it."""
    parts: Any = ctx.obj
    world = parts.world()
    one = assurance.by_id(world, recommendation)
    with world.look() as connection:
        entries = [entry for seq in one.events[:20] for entry in ledger.read(connection, after=seq - 1, limit=1)]
    if as_json:
        say_json({"verdict": one, "entries": entries})
        return
    click.echo(f"{one.id}  {one.title}: {one.verdict.value.upper()}\n\n  {one.asks}\n  {one.says}\n")
    click.echo(f"  Decided by  {one.fact}\n  True at     {cell(one.true_at)}\n  Stale at    {cell(one.stale_at)}")
    for entry in entries:
        click.echo(f"  Entry {entry.seq}  {cell(entry.at)}  {entry.name}  {entry.subject}")


@command.command()
@click.option(
    "--bundle", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Check an exported bundle."
)
@click.option("--key", "trusted", help="The verifier key you got by another way (else the bundle's own).")
@click.option(
    "--checkpoint",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A signed checkpoint you kept from before; repeatable.",
)
@json_option
@click.pass_context
def verify(ctx: click.Context, bundle: Path | None, trusted: str | None, kept: tuple[Path, ...], as_json: bool) -> None:
    """Prove that nothing in the ledger was altered, removed or reordered. Needs no network and no running server."""
    known = [_read_note(path) for path in kept]
    if bundle:
        found = audit.audit_bundle(bundle, trusted, known)
    else:
        parts: Any = ctx.obj
        world = parts.world()
        with world.look() as connection:
            found = audit.audit(connection, audit.signing_key(world).public_key(), known)
    if as_json:
        say_json(
            {
                "size": found.size,
                "root": found.root.hex(),
                "checkpoints": found.checkpoints,
                "problems": found.problems,
                "proven": not found.problems,
            }
        )
    for problem in () if as_json else found.problems[:_SHOWN]:
        click.echo(f"  {problem}", err=True)
    if len(found.problems) > _SHOWN and not as_json:
        click.echo(f"  ... and {len(found.problems) - _SHOWN} more, which --json lists.", err=True)
    if found.problems:
        raise Refused(
            "The ledger is not what was signed.", do="Keep a copy as it is and find out who could write to it."
        )
    if not as_json:
        click.echo(
            f"Proven: {found.size} entries, root {found.root.hex()[:16]}…, {found.checkpoints} signed checkpoints fit."
        )


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def export(ctx: click.Context, folder: Path) -> None:
    """Write a bundle that an auditor can check anywhere with `careful evidence verify --bundle FOLDER`."""
    parts: Any = ctx.obj
    audit.export(parts.world(), folder)
    click.echo(f"Written to {folder}. Check it: careful evidence verify --bundle {folder}")


@command.command()
@json_option
@click.pass_context
def checkpoint(ctx: click.Context, as_json: bool) -> None:
    """Print the newest signed checkpoint; keep it, and no one can rewrite what came before."""
    parts: Any = ctx.obj
    world = parts.world()
    audit.seal(world)
    with world.look() as connection:
        note = audit.newest_checkpoint(connection) or ""
    if as_json:
        say_json({"checkpoint": note})
    else:
        click.echo(note, nl=False)


@command.command()
@click.option("--about", default=None, help="Only this subject, such as device/cam-1-001, or a kind such as device/")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
@json_option
@click.pass_context
def log(ctx: click.Context, about: str | None, limit: int, as_json: bool) -> None:
    """Show the newest ledger entries."""
    parts: Any = ctx.obj
    with parts.world().look() as connection:
        entries = ledger.read(connection, subject=about, limit=limit, newest_first=True)
    if as_json:
        say_json(entries)
        return
    rows = [(one.seq, one.at, one.actor, one.name, one.subject) for one in entries]
    say_table("Ledger", ["entry", "at", "who", "what", "about"], rows, empty="The ledger is empty.")


def _read_note(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_NOTE_BYTES)
    try:
        return content.decode()
    except UnicodeDecodeError as wrong:
        raise Invalid(f"{path} is no signed checkpoint.", do="Use what careful evidence checkpoint printed.") from wrong
