import pytest

from careful_device.errors import SlotError
from careful_device.health import health_of
from careful_device.model import Target

TARGET = Target(path="p", length=1, sha256="0", product="p", hardware=(), version="1.1", security_version=1)


class Slots:
    def __init__(self, version):
        self.version = version

    def running(self):
        return self.version, "a"


@pytest.mark.parametrize(
    ("version", "command", "says"),
    [
        pytest.param("1.1", (), None, id="the right version"),
        pytest.param("1.1", ("true",), None, id="and its command is content"),
        pytest.param("1.0", (), "version 1.0 came up instead of 1.1", id="the old version"),
        pytest.param("", (), "version unknown came up", id="no version"),
        pytest.param("1.1", ("sh", "-c", "echo no picture; exit 1"), "ended with 1: no picture", id="not content"),
    ],
)
def test_health(tmp_path, version, command, says):
    check = health_of(Slots(version), command, 5, tmp_path)
    if says is None:
        check(TARGET)
    else:
        with pytest.raises(SlotError, match=says):
            check(TARGET)
