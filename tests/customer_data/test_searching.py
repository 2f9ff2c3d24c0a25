"""Looking for bytes: also across the edges of blocks, in backups and in tables."""

import base64
import io

import pytest

from careful.customer_data import searching, store
from careful.kernel import archive
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Invalid

NEEDLES = {"one": b"canary-aaaaaaaaaaaaaaaa", "two": bytes(range(200, 224))}


@pytest.mark.parametrize("at", [0, 5, (1 << 20) - 10, (1 << 20) - 1, (1 << 20), 3 * (1 << 20) - 22])
def test_nothing_is_missed_at_an_edge(at):
    content = bytearray(b"x" * (3 * (1 << 20) + 100))
    content[at : at + 23] = NEEDLES["one"]
    assert searching.search_stream(io.BytesIO(content), NEEDLES) == {"one"}


def test_a_folder_file_by_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.log").write_bytes(b".." + NEEDLES["two"])
    (tmp_path / "c").write_bytes(b"")
    assert searching.search_files(tmp_path, NEEDLES) == {"a/b.log": {"two"}, "c": frozenset()}


def test_a_backup_member_by_member(world, tmp_path):
    (world.home / "note").write_bytes(NEEDLES["one"])
    archive.backup(world, tmp_path / "b.tar.gz")
    found = searching.search_backup(tmp_path / "b.tar.gz", NEEDLES)
    assert [name for name, held in found.items() if held] == ["note"]
    (tmp_path / "no").write_bytes(b"no backup")
    with pytest.raises(Invalid, match="no backup"):
        searching.search_backup(tmp_path / "no", NEEDLES)


def test_tables(postgres_database, clock, tmp_path):
    from careful.kernel.keys import Keys  # noqa: PLC0415
    from careful.kernel.settings import Settings  # noqa: PLC0415
    from careful.kernel.work import World  # noqa: PLC0415

    world = World(postgres_database, clock, Settings(data=tmp_path), Keys(tmp_path / "keys"), tmp_path)
    row = {"id": NEEDLES["one"].decode(), "device": "d", "since": clock.now(), "why": "", "epoch": 1}
    with world.change(SYSTEM) as work:
        store.add_customer(work.connection, row | {"wrapped": b"..." + NEEDLES["two"]})
    with world.change(SYSTEM) as work:
        work.connection.exec_driver_sql("CREATE SCHEMA else_where")
        work.connection.exec_driver_sql("CREATE TABLE else_where.notes (n jsonb, b bytea)")
        coded = base64.b64encode(b"x" + NEEDLES["two"] + b"yz").decode()
        work.connection.exec_driver_sql(
            "INSERT INTO else_where.notes VALUES (%s::jsonb, NULL)", (f'{{"a": ["{coded}"]}}',)
        )
        work.connection.exec_driver_sql("INSERT INTO else_where.notes VALUES (NULL, %s)", (NEEDLES["one"],))
        work.connection.exec_driver_sql("SET LOCAL bytea_output = 'escape'")
    try:
        found = searching.search_tables(world, NEEDLES)
    finally:
        with world.change(SYSTEM) as work:
            work.connection.exec_driver_sql("DROP SCHEMA else_where CASCADE")
    assert {name: held for name, held in found.found.items() if held} == {
        "public.customer_data_customer": {"one", "two"}, "else_where.notes": {"one", "two"},
    }  # fmt: skip
    assert (found.unread, "pg_catalog.pg_stats" in found.found) == ((), True)
