"""One altered byte, one removed entry and one reordered pair are each caught, in the database and in a bundle."""

import pytest
from sqlalchemy import delete, select, update

from careful.kernel import audit, ledger
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Invalid, Refused


@pytest.fixture
def filled(world, thing_done):
    for number in range(9):
        with world.change(SYSTEM) as work:
            work.record(thing_done(thing=f"t{number}", note="as it was"))
        if number % 3 == 2:
            audit.seal(world)
    return world


def examine(world, known=()):
    with world.look() as connection:
        return audit.audit(connection, audit.signing_key(world).public_key(), known)


def alter_byte(connection):
    body = connection.execute(select(ledger.entries.c.body).where(ledger.entries.c.seq == 4)).scalar_one()
    changed = body.replace("as it was", "as it waz")
    connection.execute(update(ledger.entries).where(ledger.entries.c.seq == 4).values(body=changed))


def alter_index_column(connection):
    connection.execute(update(ledger.entries).where(ledger.entries.c.seq == 4).values(subject="thing/other"))


def remove_middle(connection):
    connection.execute(delete(ledger.entries).where(ledger.entries.c.seq == 4))


def remove_last(connection):
    connection.execute(delete(ledger.entries).where(ledger.entries.c.seq == 8))


def swap_pair(connection):
    rows = {row.seq: row.body for row in connection.execute(select(ledger.entries))}
    for here, there in ((3, 4), (4, 3)):
        connection.execute(update(ledger.entries).where(ledger.entries.c.seq == here).values(body=rows[there]))


def forge_checkpoint(connection):
    note = connection.execute(select(ledger.checkpoints.c.note).where(ledger.checkpoints.c.size == 6)).scalar_one()
    table = ledger.checkpoints
    connection.execute(update(table).where(table.c.size == 6).values(note=note.replace("\n6\n", "\n5\n")))


def test_untouched_ledger_is_proven(filled):
    found = examine(filled)
    assert found.problems == ()
    assert (found.size, found.checkpoints) == (9, 3)


@pytest.mark.parametrize(
    "tamper",
    [alter_byte, alter_index_column, remove_middle, remove_last, swap_pair, forge_checkpoint],
    ids=lambda tamper: tamper.__name__,
)
def test_tampering_is_caught(filled, tamper):
    with filled.database.transaction("write") as connection:
        tamper(connection)
    assert examine(filled).problems


def test_bundle_is_checked_offline(filled, tmp_path):
    folder = audit.export(filled, tmp_path / "bundle")
    found = audit.audit_bundle(folder)
    assert (found.problems, found.size) == ((), 9)
    lines = (folder / "entries.jsonl").read_text().splitlines()
    for broken in (lines[:4] + lines[5:], [*lines[:3], lines[4], lines[3], *lines[5:]], [*lines[:8], lines[8] + " "]):
        (folder / "entries.jsonl").write_text("\n".join(broken) + "\n")
        assert audit.audit_bundle(folder).problems
    with pytest.raises(Refused, match="already holds"):
        audit.export(filled, folder)


def test_rewritten_ledger_does_not_fit_a_kept_checkpoint(filled, thing_done):
    with filled.look() as connection:
        kept = audit.newest_checkpoint(connection)
    with filled.database.transaction("write") as connection:
        for table in (ledger.entries, ledger.head, ledger.checkpoints):
            connection.execute(delete(table))
    for number in range(9):
        with filled.change(SYSTEM) as work:
            work.record(thing_done(thing=f"t{number}", note="a better story"))
    audit.seal(filled)
    assert examine(filled).problems == ()
    assert examine(filled, [kept]).problems == ("The first 9 entries are not those that were signed.",)


def test_sealing_twice_signs_once(filled):
    assert audit.seal(filled) == 0


def test_no_bundle(tmp_path):
    with pytest.raises(Invalid, match="no evidence bundle"):
        audit.audit_bundle(tmp_path)
