import json

import pytest
from click.testing import CliRunner
from makers import Maker
from tuf.api.metadata import Metadata

from careful import updates
from careful.entrypoints.cli.release import command
from careful.kernel.errors import NotFound, Refused


@pytest.fixture
def maker(world, staff, tmp_path):
    made = Maker(world, staff, tmp_path)
    made.release("1.0.0", publish=False)
    return made


@pytest.fixture
def run(world, maker):
    parts = type("Parts", (), {"world": lambda _: world})()

    def typed(*arguments):
        done = CliRunner().invoke(command, [str(one) for one in arguments], obj=parts)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return typed


def test_sign_and_publish(run, world):
    with pytest.raises(Refused, match="not signed"):
        run("publish", "cam-1", "1.0.0")
    assert "careful release publish cam-1 1.0.0" in run("sign", "cam-1", "1.0.0")
    assert json.loads(run("sign", "cam-1", "1.0.0", "--json"))["metadata_version"] == 2
    assert "careful rollout start cam-1 1.0.0" in run("publish", "cam-1", "1.0.0")
    assert json.loads(run("publish", "cam-1", "1.0.0", "--json"))["metadata"]["targets"] == 2
    assert "1.0.0/cam-1-1.0.0.img" in run("status", "cam-1")


def test_signing_with_keys_in_a_folder(run, tmp_path):
    assert "tuf.cam-1.targets" in run("export-keys", "cam-1", tmp_path / "stick")
    with pytest.raises(NotFound):
        run("sign", "cam-1", "1.0.0")
    run("sign", "cam-1", "1.0.0", "--keys", tmp_path / "stick")
    assert "4 keys are kept elsewhere" in run("status", "cam-1")
    assert len(json.loads(run("import-keys", "cam-1", tmp_path / "stick", "--json"))["keys"]) == 4


def test_signing_on_a_machine_without_a_server(run, tmp_path):
    stick, asked, answered = (tmp_path / name for name in ("stick", "request.json", "answer.json"))
    run("export-keys", "cam-1", stick)
    run("request", "cam-1", "1.0.0", asked)
    nobody = CliRunner().invoke(command, ["answer", str(asked), "--keys", str(stick), "--output", str(answered)])
    assert nobody.exit_code == 0, nobody.output
    assert "1.0.0/cam-1-1.0.0.img" in nobody.output
    run("sign", "cam-1", "1.0.0", "--answer", answered)
    run("publish", "cam-1", "1.0.0")


def test_a_lost_key_is_replaced(run, world):
    run("sign", "cam-1", "1.0.0")
    assert "told by root 2" in run("replace-key", "cam-1", "targets", "--reason", "The stick was lost.")
    assert json.loads(run("status", "cam-1", "--json"))["versions"]["root"] == 2


def test_the_root_for_the_factory(run, world, tmp_path):
    run("root", "cam-1", tmp_path / "root.json")
    assert Metadata.from_file(str(tmp_path / "root.json")).signed.type == "root"
    assert (tmp_path / "root.json").read_bytes() == updates.trusted_root(world, "cam-1")


def test_before_the_first_release(run):
    assert "no update repository yet" in run("status", "cam-1")
