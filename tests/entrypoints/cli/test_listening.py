"""A port that cannot be opened is named with the way out, at once or after a told wait."""

import socket

import pytest

from careful.entrypoints.cli import listening
from careful.kernel.errors import Refused
from careful.kernel.settings import Settings


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_named_with_the_way_out(taken, capsys):
    with pytest.raises(Refused) as refusal:
        listening.check_ports("127.0.0.1", {"mqtt_port": taken}, lambda name: f"{name}=9 careful up", patience=0.2)
    assert str(refusal.value) == f"Port {taken} is taken by another program. Choose another: mqtt_port=9 careful up"
    assert f"Port {taken} is taken; waiting" in capsys.readouterr().err


def test_a_port_that_is_given_back_is_taken(taken):
    row = listening.free_row("127.0.0.1", taken, 3)
    assert row > taken
    assert listening.is_free("127.0.0.1", row)
    assert not listening.is_free("127.0.0.1", taken)
    listening.check_ports("127.0.0.1", {"mqtt_port": row}, str)


def test_a_host_that_is_not_ours():
    with pytest.raises(Refused, match="CAREFUL_HOST is 192.0.2.1, which is no address of this machine"):
        listening.check_ports("192.0.2.1", {"mqtt_port": 18883}, str)


def test_no_row_beyond_the_last_port():
    assert listening.free_row("127.0.0.1", 65535, 5) == 0


def test_what_is_served_where():
    assert list(listening.ports(Settings())) == ["console_port", "public_port", "device_port", "mqtt_port"]
