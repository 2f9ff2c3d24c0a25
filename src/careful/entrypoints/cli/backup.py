"""`careful backup` and `careful restore`: one file with everything, proven against its own ledger when restored."""

from pathlib import Path
from typing import Any

import click

from careful import (
    customer_data,
    devices,
    monitoring,
    notices,
    obligations,
    owners,
    people,
    products,
    releases,
    suppliers,
    updates,
    vulnerabilities,
)
from careful.entrypoints.cli.output import json_option, say_json
from careful.entrypoints.cli.supervise import take_lock
from careful.kernel import archive
from careful.kernel.errors import Refused

WHOSE_TABLES = (
    people, products, releases, devices, vulnerabilities, updates, customer_data, monitoring, notices, obligations,
    owners, suppliers,
)  # fmt: skip
"""Loaded so that every table is known: a backup that leaves one out is refused."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Copy database, keys, artifacts and inbox into FILE (.tar.gz) while Careful runs.

    A backup of SQLite comes back into PostgreSQL, and the other way round (CAREFUL_DATABASE says which).
    The file holds private keys: keep it as safe as the machine itself. The keys that wrap customers' keys are left
    out, so that destroying them ends what old backups could still tell (docs/data.md).
    """
    parts: Any = ctx.obj
    made = archive.backup(parts.world(), file)
    if as_json:
        say_json(made)
    else:
        click.echo(f"{made.files} files, {made.size / 1e6:.1f} MB, {made.entries} ledger entries: {file}")
        for folder in made.left_out:
            click.echo(
                f"Left out: {folder}. Its keys wrap customers' keys; what was sealed opens only with them. Carry"
                " them by themselves: docs/data.md."
            )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def restore(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Restore FILE into an empty data folder (and an empty CAREFUL_DATABASE) and prove it against its ledger."""
    parts: Any = ctx.obj
    settings = parts.settings()
    if settings.data.exists() and any(path.name != "up.lock" for path in settings.data.iterdir()):
        raise Refused(f"{settings.data} is not empty.", do="Name an empty folder: careful --data DIR restore FILE")
    lock = take_lock(settings.data)  # held until this command ends
    found = archive.restore(file, settings.data, settings.database)
    if as_json:
        say_json({"size": found.size, "root": found.root.hex(), "proven": True, "lock": lock >= 0})
    else:
        click.echo(f"Restored and proven: {found.size} ledger entries. Start it: careful --data {settings.data} up")
