"""`make migration`: writes the next numbered migration from the difference between tables in code and migrations."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from careful.kernel import migrate
from careful.kernel.database import Database


def main(what: str) -> None:
    """Write `NNNN_what.py`."""
    versions = migrate.SCRIPTS / "versions"
    numbers = [int(path.name.partition("_")[0]) for path in versions.glob("[0-9]*_*.py")]
    number = f"{max(numbers, default=0) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database("", Path(folder))
        if numbers:
            migrate.upgrade(database)
        config = Config()
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        with database.transaction("write") as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=what or "tables", autogenerate=True, rev_id=number)
        database.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
