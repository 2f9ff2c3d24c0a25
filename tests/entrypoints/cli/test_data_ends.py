"""Ending a customer's time by command: the receipt is printed, and can be checked."""

import json

import pytest
from household import make_house
from terminal import typing

from careful import customer_data
from careful.customer_data import proving
from careful.customer_data.receipts import NAME
from careful.entrypoints.cli.data import command
from careful.kernel.checkpoint import open_text, parse_verifier_key
from careful.kernel.errors import Refused

DEVICE = "cam-1-001"


@pytest.fixture
def house(world, staff, tmp_path):
    return make_house(world, staff, tmp_path)


@pytest.fixture
def run(world):
    return typing(world, command)


def test_delete_prints_a_receipt_that_can_be_checked(run, house):
    assert "No customer's time has ended" in run("receipts")
    house.say("up/clip", zone="hall")
    note = run("delete", DEVICE)
    _, key = parse_verifier_key(run("receipts", "--key"))
    assert "was destroyed in the database" in open_text(NAME, note, key)
    (listed,) = json.loads(run("receipts", DEVICE, "--json"))
    assert run("receipt", listed["id"]) == note
    assert json.loads(run("receipt", listed["id"], "--json"))["why"] == "asked"
    assert "the customer asked for it" in run("receipts")


def test_epochs(run, house):
    assert "None yet" in run("epochs")
    customer_data.key_of(house.world, DEVICE)
    assert [one["number"] for one in json.loads(run("epochs", "--json"))] == [1]
    assert "1" in run("epochs")


def test_lost_keys_are_given_up_only_on_purpose(run, house):
    customer_data.key_of(house.world, DEVICE)
    (house.world.home / customer_data.FOLDER / "epoch-00001.key").unlink()
    with pytest.raises(Refused, match="--yes"):
        run("keys-lost")
    assert "The time of 1 customers ended" in run("keys-lost", "--yes")
    assert not (house.world.home / customer_data.FOLDER / "epoch-00001.key").exists()


@pytest.fixture
def quick(monkeypatch):
    """Leave PostgreSQL's own files out: they are many."""
    monkeypatch.setattr(proving.postgres_files, "folder_of", lambda *_: (None, "left out by the test"))


@pytest.mark.usefixtures("quick")
def test_a_proof(run, house, tmp_path):
    said = run("prove-deletion", "--no-backup")
    assert "Deletion held. Searched in" in said
    assert "files of the data folder" in said
    said = run("prove-deletion")
    assert "Backups hold the sealed value and the wrapped key, which only the key of epoch 1 opens" in said
    assert json.loads(run("prove-deletion", "--no-backup", "--json"))["held"]


@pytest.mark.usefixtures("quick")
def test_a_proof_that_fails_says_what_was_left(run, house, monkeypatch):
    find = customer_data.Find("the value", "debug.log", "after")
    proof = customer_data.prove_deletion
    monkeypatch.setattr(customer_data, "prove_deletion", lambda *a, **k: _with(proof(*a, **k), find))
    said = run("prove-deletion", "--no-backup")
    assert "did NOT hold" in said
    assert "the value: debug.log (after)" in said


def _with(proof, find):
    from dataclasses import replace  # noqa: PLC0415

    return replace(proof, held=False, finds=(find,))
