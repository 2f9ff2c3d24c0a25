import pytest

from careful_device.errors import AgentError
from careful_device.readings import command_source


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
