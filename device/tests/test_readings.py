import pytest

from careful_device.errors import AgentError
from careful_device.readings import command_source, crash_source


def test_a_reading_is_what_the_command_prints(tmp_path):
    assert command_source("t", ["echo", '{"a": 1}'], tmp_path)() == {"a": 1}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["echo", "no json"], id="no JSON"),
        pytest.param(["echo", "[1]"], id="no object"),
        pytest.param(["false"], id="failed"),
        pytest.param(["sh", "-c", "head -c 40000 /dev/zero"], id="endless"),
    ],
)
def test_anything_else_is_an_error(tmp_path, command):
    with pytest.raises(AgentError):
        command_source("t", command, tmp_path)()


def test_crashes_are_counted_by_a_command(tmp_path):
    assert crash_source(["echo", "12"], tmp_path)() == 12


@pytest.mark.parametrize("command", [["echo", "many"], ["echo", "-1"], ["echo", "1234567890"], ["false"]])
def test_what_is_no_count_is_an_error(tmp_path, command):
    with pytest.raises(AgentError):
        crash_source(command, tmp_path)()
