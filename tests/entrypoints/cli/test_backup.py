"""`careful backup` and `careful restore` as typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from village import EXAMPLES, STAFF

import careful
from careful import products
from careful.assemble import Parts
from careful.entrypoints.cli import backup
from careful.kernel.errors import Invalid, Refused


def run(command: Any, parts: Parts, *arguments: str) -> Result:
    done = CliRunner().invoke(command, arguments, obj=parts, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


def opened(folder: Path) -> Parts:
    parts = Parts()
    parts.use(data=folder)
    return parts


@pytest.fixture
def lived_in(tmp_path: Path) -> Iterator[Parts]:
    parts = opened(tmp_path / "data")
    products.declare(parts.world(), STAFF, (EXAMPLES / "products" / "cam-1" / "product.yaml").read_bytes())
    yield parts
    parts.world().database.close()


def test_there_and_back(lived_in: Parts, tmp_path: Path):
    file = tmp_path / "kept.tar.gz"
    made = json.loads(run(backup.command, lived_in, str(file), "--json").stdout)
    assert (made["entries"], made["size"]) == (1, file.stat().st_size)
    fresh = opened(tmp_path / "fresh")
    told = json.loads(run(backup.restore, fresh, str(file), "--json").stdout)
    assert (told["proven"], told["size"]) == (True, 1)
    assert products.get(fresh.world(), "cam-1").name == "Hearth Cam 1"
    fresh.world().database.close()


def test_words_for_people(lived_in: Parts, tmp_path: Path):
    file = tmp_path / "kept.tar.gz"
    assert run(backup.command, lived_in, str(file)).stdout.endswith(f"1 ledger entries: {file}\n")
    fresh = opened(tmp_path / "fresh")
    assert "Restored and proven: 1 ledger entries." in run(backup.restore, fresh, str(file)).stdout
    fresh.world().database.close()


def test_nothing_is_written_over(lived_in: Parts, tmp_path: Path):
    file = tmp_path / "kept.tar.gz"
    run(backup.command, lived_in, str(file))
    with pytest.raises(Refused, match="already exists"):
        run(backup.command, lived_in, str(file))
    with pytest.raises(Refused, match="is not empty"):
        run(backup.restore, lived_in, str(file))


def test_what_is_no_backup(tmp_path: Path):
    file = tmp_path / "x.tar.gz"
    file.write_bytes(b"no")
    with pytest.raises(Invalid, match="no whole backup"):
        run(backup.restore, opened(tmp_path / "fresh"), str(file))
    assert [path.name for path in (tmp_path / "fresh").iterdir()] == ["up.lock"]


def test_a_copy_that_was_tampered_with_is_not_trusted(lived_in: Parts, tmp_path: Path):
    run(backup.command, lived_in, str(tmp_path / "one.tar.gz"))
    with lived_in.world().database.transaction("write") as connection:
        connection.exec_driver_sql("UPDATE ledger_entry SET body = replace(body, 'staff:ann', 'staff:eve')")
    run(backup.command, lived_in, str(tmp_path / "two.tar.gz"))
    fresh = opened(tmp_path / "fresh")
    with pytest.raises(Refused, match="not what was signed"):
        run(backup.restore, fresh, str(tmp_path / "two.tar.gz"))
    fresh.world().database.close()


def test_no_domain_with_tables_is_left_out() -> None:
    with_tables = {path.parent.name for path in Path(careful.__path__[0]).glob("*/store.py")}
    with_tables.remove("kernel")  # whose tables the copying loads itself
    assert {one.__name__.removeprefix("careful.") for one in backup.WHOSE_TABLES} == with_tables
