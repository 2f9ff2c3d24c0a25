"""`careful supplier` as typed."""

import json
from pathlib import Path

import pytest
from flaws_cli import typed

from careful import products, suppliers
from careful.entrypoints.cli.supplier import command
from careful.kernel.actors import Actor
from careful.kernel.errors import CarefulError, NotFound, Refused, TooLarge
from careful.kernel.work import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLIP = b"schema: product/1\nproduct: {id: cam-9}\ndata: [{id: clip, fields: [x], recipients: [Acme]}]\n"


def test_from_missing_to_approved(world: World, staff: Actor, tmp_path: Path) -> None:
    products.declare(world, staff, CLIP)
    said = typed(command, world, "list")
    assert "careful supplier record" in said.output
    assert "Handing clip to Acme" in said.stderr
    typed(command, world, "record", "acme", "--name", "Acme", "--contact", "psirt@acme.example")
    file = tmp_path / "iso.pdf"
    file.write_bytes(b"%PDF")
    given = ("evidence", "acme", "--kind", "certificate", "--title", "ISO", "--until", "2027-01-01")
    made = json.loads(typed(command, world, *given, "--file", str(file), "--json").output)["evidence"]
    clauses = [word for one in ("encrypt", "notify=72", "delete=30", "sub_processors") for word in ("--clause", one)]
    typed(command, world, "contract", "acme", "--signed", "2026-01-01", "--until", "2027-01-01", *clauses)
    products.approve(world, staff, "cam-9")
    assert json.loads(typed(command, world, "list", "--json").output)["missing"] == []
    assert "2027-01-01" in typed(command, world, "list").output
    item = json.loads(typed(command, world, "ask", "acme", "SBOM?", "--due", "2027-01-01", "--json").output)["item"]
    shown = typed(command, world, "show", "acme").output
    assert "notify=72" in shown
    assert "SBOM?" in shown
    assert "is closed" in typed(command, world, "close", item).output
    assert "no longer" in typed(command, world, "withdraw", made, "--reason", "forged").output
    with pytest.raises(Refused):
        typed(command, world, "accept", made)
    assert json.loads(typed(command, world, "show", "acme", "--json").output)["id"] == "acme"
    assert "no longer a supplier" in typed(command, world, "end", "acme", "--reason", "done").output


def test_what_is_refused(world: World, staff: Actor, tmp_path: Path) -> None:
    suppliers.record(world, staff, "acme", name="Acme")
    big = tmp_path / "big"
    big.write_bytes(b"x" * (suppliers.MOST_FILE_BYTES + 1))
    given = ("evidence", "acme", "--kind", "other", "--title", "x", "--until", "2027-01-01")
    cases: list[tuple[tuple[str, ...], type[CarefulError]]] = [
        ((*given, "--file", str(big)), TooLarge),
        ((*given, "--file", str(tmp_path / "nothing")), NotFound),
        (("show", "nobody"), NotFound),
        (("bind", "acme", "nobody@example.org"), NotFound),
    ]
    for arguments, refused in cases:
        with pytest.raises(refused):
            typed(command, world, *arguments)
