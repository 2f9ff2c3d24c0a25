"""`careful evidence` as typed: verdicts, and proof that the ledger is what was signed."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from village import STAFF, Village

from careful.assurance.evidence import known
from careful.entrypoints.cli.evidence import command
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World
from careful.products.events import ProductDeclared

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def village(world: World, tmp_path: Path) -> Village:
    """A maker who has approved one product."""
    made = Village(world, tmp_path)
    made.declare()
    return made


@pytest.fixture
def run(world: World) -> Run:
    class Parts:
        def world(self) -> World:
            return world

    def typed(*arguments: str) -> Result:
        done = CliRunner().invoke(command, arguments, obj=Parts(), standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done

    return typed


def read(done: Result) -> Any:
    return json.loads(done.stdout)


def test_verdicts_for_people_and_programs(run: Run):
    rows = {one["id"]: one["verdict"] for one in read(run("list", "--json"))}
    assert len(rows) == len(known())
    assert set(rows.values()) <= {"met", "not met", "not applicable", "unknown"}
    piped = dict(line.split("\t")[:2] for line in run("list").stdout.splitlines()[1:] if "\t" in line)
    assert piped == rows


def test_a_verdict_shows_the_entries_that_decide_it(run: Run, village: Village):
    village.ship("1.0.0")
    shown = read(run("show", "D1", "--json"))
    assert [one["seq"] for one in shown["entries"]] == shown["verdict"]["events"][:20]
    text = run("show", "D1").stdout
    assert text.startswith("D1  ")
    assert all(f"Entry {one['seq']}  " in text for one in shown["entries"])
    with pytest.raises(NotFound):
        run("show", "Z9")


def test_the_ledger_proves_itself(run: Run):
    run("checkpoint")
    proof = read(run("verify", "--json"))
    assert (proof["proven"], proof["problems"], proof["checkpoints"]) == (True, [], 1)
    assert run("verify").stdout.startswith(f"Proven: {proof['size']} entries, root {proof['root'][:16]}")


def rewrite(world: World) -> None:
    """Alter an entry behind the ledger's back."""
    with world.database.transaction("write") as connection:
        table = ledger.entries
        first = table.c.seq == connection.execute(select(func.min(table.c.seq))).scalar_one()
        body = connection.execute(select(table.c.body).where(first)).scalar_one()
        connection.execute(table.update().where(first).values(body=body.replace("staff:ann", "staff:eve")))


def test_an_altered_entry_is_found(run: Run, world: World):
    run("checkpoint")
    rewrite(world)
    with pytest.raises(Refused, match="not what was signed"):
        run("verify")


def test_a_bundle_proves_itself_anywhere(run: Run, tmp_path: Path):
    folder = tmp_path / "bundle"
    assert str(folder) in run("export", str(folder)).stdout
    offline = CliRunner().invoke(command, ["verify", "--bundle", str(folder), "--json"], standalone_mode=False)
    assert read(offline)["proven"] is True
    whole = (folder / "entries.jsonl").read_text()
    (folder / "entries.jsonl").write_text(whole.replace("staff:ann", "staff:eve", 1))
    with pytest.raises(Refused):
        run("verify", "--bundle", str(folder))


def test_a_checkpoint_kept_elsewhere_holds_us_to_our_word(run: Run, tmp_path: Path, village: Village):
    kept = tmp_path / "kept.txt"
    kept.write_text(run("checkpoint").stdout)
    assert kept.read_text().startswith("careful/ledger\n")
    village.declare("lock-1")
    assert read(run("verify", "--checkpoint", str(kept), "--json"))["proven"] is True
    lines = kept.read_text().splitlines()
    lines[1] = str(int(lines[1]) + 1)
    kept.write_text("\n".join(lines) + "\n")
    with pytest.raises(Refused):
        run("verify", "--checkpoint", str(kept))


def test_the_log_newest_first_and_about_one_thing(run: Run, village: Village):
    village.declare("lock-1")
    entries = read(run("log", "--json"))
    assert [one["seq"] for one in entries] == sorted((one["seq"] for one in entries), reverse=True)
    about = read(run("log", "--about", "product/lock-1", "--json"))
    assert {one["subject"] for one in about} == {"product/lock-1"}
    assert len(read(run("log", "--limit", "1", "--json"))) == 1
    assert "The ledger is empty." in run("log", "--about", "nothing/").stdout


def test_what_is_no_checkpoint(run: Run, tmp_path: Path):
    (tmp_path / "kept").write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid, match="kept is no signed checkpoint"):
        run("verify", "--checkpoint", str(tmp_path / "kept"))


def test_the_newest_checkpoint_for_people_and_programs(run: Run):
    note = run("checkpoint").stdout
    assert read(run("checkpoint", "--json")) == {"checkpoint": note}
    assert note.startswith("careful/ledger\n")


def test_many_faults_are_counted_not_poured_out(world: World):
    with world.change(STAFF) as work:
        for number in range(20):
            work.record(ProductDeclared(product="x", digest="d", version=number))
    with world.database.transaction("write") as connection:
        connection.execute(ledger.entries.update().values(name="other.name"))
    done = CliRunner().invoke(command, ["verify"], obj=SimpleNamespace(world=lambda: world))
    assert isinstance(done.exception, Refused)
    assert done.stderr.count("its index columns") == 10
    assert "more, which --json lists" in done.stderr
