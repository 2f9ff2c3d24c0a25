import json

import pytest
from click.testing import CliRunner
from makers import Maker
from tuf.api.metadata import Metadata

from careful import updates
from careful.entrypoints.cli.release import command
from careful.kernel.errors import Invalid, NotFound, Refused


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
    assert json.loads(run("publish", "cam-1", "1.0.0", "--json"))["metadata"]["releases"] == 2
    assert "1.0.0/cam-1-1.0.0.img" in run("status", "cam-1")


def test_signing_with_keys_in_a_folder(run, tmp_path):
    run("export-keys", "cam-1", tmp_path / "stick")
    assert "1 more must sign" in run("sign", "cam-1", "1.0.0")
    with pytest.raises(NotFound, match="release key of cam-1 is not here"):
        run("sign", "cam-1", "1.0.0")
    assert "careful release publish" in run("sign", "cam-1", "1.0.0", "--keys", tmp_path / "stick")
    assert "5 keys are kept elsewhere" in run("status", "cam-1")


def test_signing_on_a_machine_without_a_server(run, tmp_path):
    stick, asked, answered = (tmp_path / name for name in ("stick", "request.json", "answer.json"))
    run("export-keys", "cam-1", stick)
    assert "careful release sign --offline request.json" in run("request", "cam-1", "1.0.0", asked)
    arguments = ["sign", "--offline", str(asked), "--keys", str(stick), "--output", str(answered)]
    nobody = CliRunner().invoke(command, arguments)
    assert nobody.exit_code == 0, nobody.output
    assert "1.0.0/cam-1-1.0.0.img" in nobody.output
    assert "Release 1.0.0 of cam-1" in nobody.output
    run("sign", "cam-1", "1.0.0", "--answer", answered)
    run("publish", "cam-1", "1.0.0")


def test_answer_is_the_same_as_sign_offline(run, tmp_path):
    stick, asked, answered = (tmp_path / name for name in ("stick", "request.json", "answer.json"))
    run("export-keys", "cam-1", stick)
    run("request", "cam-1", "1.0.0", asked)
    shown = json.loads(run("answer", asked, "--keys", stick, "--output", answered, "--json"))
    assert shown["documents"][0]["role"] == "releases"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("sign",), "What is to be signed", id="nothing named"),
        pytest.param(("sign", "--offline", "REQUEST"), "needs keys", id="no keys"),
    ],
)
def test_what_is_missing(run, tmp_path, arguments, says):
    (tmp_path / "request.json").write_text("{}")
    with pytest.raises(Invalid, match=says):
        run(*(tmp_path / "request.json" if one == "REQUEST" else one for one in arguments))


def test_the_root_for_the_factory(run, world, tmp_path):
    run("root", "cam-1", tmp_path / "root.json")
    assert Metadata.from_file(str(tmp_path / "root.json")).signed.type == "root"
    assert (tmp_path / "root.json").read_bytes() == updates.trusted_root(world, "cam-1")


def test_before_the_first_release(run):
    assert "no update repository yet" in run("status", "cam-1")
