import json

import pytest

from careful_device import cli


@pytest.fixture
def run(home, capsys):
    def call(*arguments):
        code = cli.main(["--dir", str(home), *arguments])
        return code, capsys.readouterr()

    return call


def test_enrol_gets_the_certificate_and_once_is_enough(run, home):
    code, said = run("enrol")
    assert code == 0
    assert said.out.startswith("cam-1-001 has its certificate, good until 20")
    assert run("enrol")[0] == 0


def test_enrol_without_a_good_token_fails(run, maker):
    maker.tokens.clear()
    assert run("enrol")[0] == 1


def test_once_carries_out_the_order_there_is(run, maker):
    assert run("once")[0] == 0
    maker.release("1.0.0")
    action = maker.order("1.0.0")
    code, said = run("once")
    assert (code, said.out) == (0, f"order {action}: running 1.0.0\n")


def test_once_fails_when_the_order_was_refused(run, maker):
    maker.release("1.0.0", product="lock-1")
    maker.order("1.0.0")
    code, said = run("once")
    assert code == 1
    assert "refused: wrong-model" in said.out


def test_once_refuses_without_a_pinned_root(run, home, maker):
    (home / "root.json").unlink()
    code, said = run("once")
    assert code == 1
    assert "no pinned TUF root" in said.err
    assert maker.requests == []


def test_status_before_and_after(run, maker):
    plain = json.loads(run("status", "--json")[1].out)
    assert (plain["certificate_until"], plain["version"], plain["updates"]) == (None, "", "on")
    maker.release("1.0.0")
    maker.order("1.0.0")
    run("once")
    plain = json.loads(run("status", "--json")[1].out)
    assert (plain["version"], plain["slot"], plain["security_floor"], plain["order"]) == ("1.0.0", "a", 1, None)
    assert "version            1.0.0" in run("status")[1].out


def test_a_directory_that_is_none_is_one_sentence(tmp_path, capsys):
    assert cli.main(["--dir", str(tmp_path), "status"]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_no_command_is_a_wrong_call(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
