import json
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from makers import Maker

from careful import updates
from careful.entrypoints.cli.release import command
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.token_keys import TokenKeys


@pytest.fixture
def run(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0")
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments):
        done = CliRunner().invoke(command, [str(one) for one in arguments], obj=parts)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return typed


def test_a_lost_key_is_replaced(run):
    assert "told by root 2" in run("replace-key", "cam-1", "targets", "--reason", "The stick was lost.")
    assert "told by targets 3" in run("replace-key", "cam-1", "release", "--reason", "The stick was lost.")
    assert json.loads(run("status", "cam-1", "--json"))["versions"]["root"] == 2


def test_keys_leave_and_come_back(run, tmp_path):
    assert "tuf.cam-1.release" in run("export-keys", "cam-1", tmp_path / "stick")
    assert "tuf.cam-1.build" in run("export-keys", "cam-1", tmp_path / "ci", "--role", "build")
    assert len(json.loads(run("import-keys", "cam-1", tmp_path / "stick", "--json"))["keys"]) == 5


def test_a_ceremony_for_root_in_two_places(run, tmp_path):
    """Two root keys in two safes: each is asked in turn, and the new targets key was made in a third place."""
    run("export-keys", "cam-1", tmp_path / "one")
    (tmp_path / "two").mkdir(mode=0o700)
    (tmp_path / "one" / "tuf.cam-1.root-2.pem").rename(tmp_path / "two" / "tuf.cam-1.root-2.pem")
    (tmp_path / "one" / "tuf.cam-1.root-3.pem").unlink()
    new = tmp_path / "new.pem"
    run("make-key", "cam-1", "targets", "--keys", tmp_path / "one", "--output", new)
    words = ("replace-key", "cam-1", "targets")
    with pytest.raises(NotFound, match="Too few root keys"):
        run(*words, "--reason", "Stolen.", "--new", new)
    run(*words, "--reason", "Stolen.", "--new", new, "--request", tmp_path / "0.json")
    for number, place in enumerate(("one", "two")):
        run("sign", "--offline", tmp_path / f"{number}.json", "--keys", tmp_path / place,
            "--output", tmp_path / f"{number + 1}.json")  # fmt: skip
    assert "1 more must sign" in run(*words, "--answer", tmp_path / "1.json")
    assert "Done. Replacement of the targets key" in run(*words, "--answer", tmp_path / "2.json")
    assert json.loads(run("status", "cam-1", "--json"))["versions"]["root"] == 2


def test_renewal_where_nothing_is_due(run, tmp_path):
    assert "root 1" in run("renew", "cam-1")
    with pytest.raises(Refused, match="Nothing of cam-1 is due"):
        run("renew", "cam-1", "--request", tmp_path / "x.json")


def test_a_repository_that_delegates_already(run):
    with pytest.raises(Refused, match="delegates already"):
        run("delegate", "cam-1")


def test_a_new_key_needs_one_place(run, tmp_path):
    with pytest.raises(Invalid, match="made in one place"):
        run("make-key", "cam-1", "release", "--output", tmp_path / "x.pem")


def test_keys_in_a_token(run, world, staff, tmp_path, token):
    """The release key is made in a token, replaces the first one, and signs the next release."""
    versions = json.loads(
        run("replace-key", "cam-1", "release", "--reason", "Into a token.", "--keys", token, "--json")
    )["metadata"]
    assert versions["targets"] == 2
    Maker(world, staff, tmp_path).release("1.0.1", publish=False)
    assert "1 more must sign" in run("sign", "cam-1", "1.0.1")
    assert "careful release publish" in run("sign", "cam-1", "1.0.1", "--keys", token)
    run("publish", "cam-1", "1.0.1")
    assert "1.0.1/cam-1-1.0.1.img" in updates.published(world, "cam-1").targets


def test_the_servers_own_keys_in_a_token(world, staff, tmp_path, token):
    """Snapshot, timestamp, build and director are made in the server's token; what leaves the server is in files."""
    there = replace(world, settings=world.settings.model_copy(update={"signing_token": token}))
    maker = Maker(there, staff, tmp_path)
    maker.release("1.0.0")
    roles = ("build", "director", "snapshot", "timestamp")
    assert TokenKeys(token).names() == [f"tuf.cam-1.{role}" for role in roles]
    kept = ("release", "root-1", "root-2", "root-3", "targets")
    assert [name for name in world.keys.names() if name.startswith("tuf.")] == [f"tuf.cam-1.{role}" for role in kept]
    there.clock.advance(timedelta(days=1.5))
    assert updates.renew(there) == 2
    updates.replace_key(there, staff, "cam-1", "snapshot", "It was stolen.")
    assert "tuf.cam-1.snapshot-2" in TokenKeys(token).names()
    maker.release("1.0.1")
    assert updates.rehearse(there, staff, "cam-1", "director").keys == "real"
    assert updates.published(there, "cam-1").keys_away == ()
