"""Bringing a database to the form this version of Careful expects, with Alembic, on both databases.

Alembic itself is imported only when there is something to do, so that the ordinary start stays quick.
"""

from pathlib import Path

from sqlalchemy import inspect, text

from careful.kernel.database import Database
from careful.kernel.errors import Refused

SCRIPTS = Path(__file__).parent.parent / "migrations"


def newest() -> str:
    """Return the id of the newest migration; files are named `0001_what.py`."""
    return max(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


def at(database: Database) -> str | None:
    """Return the migration that the database is at, or None for an empty database."""
    with database.transaction("read") as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(database: Database) -> bool:
    """Bring the database to the newest form; tell whether anything was done.

    Raises Refused when the database was written by a newer Careful.
    """
    present, wanted = at(database), newest()
    if present == wanted:
        return False
    if present is not None and present > wanted:
        raise Refused(
            f"The database is at migration {present}, this Careful knows {wanted}.",
            do="Start the newer version again, or restore a backup made by this one.",
        )
    move(database, "upgrade", wanted)
    return True


def move(database: Database, direction: str, target: str) -> None:
    """Run Alembic's `upgrade` or `downgrade` to `target`, in one transaction."""
    from alembic import command  # noqa: PLC0415 (0.3 s that the ordinary start need not pay)
    from alembic.config import Config  # noqa: PLC0415 (the same)

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with database.transaction("write") as connection:
        config.attributes["connection"] = connection
        {"upgrade": command.upgrade, "downgrade": command.downgrade}[direction](config, target)
