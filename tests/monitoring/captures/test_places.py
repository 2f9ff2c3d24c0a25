import pytest

from careful.monitoring.captures.places import NOBODY, OTHERS, Devices, mac, many, near, network


@pytest.mark.parametrize(
    ("address", "is_near", "is_many"),
    [
        ("192.168.1.7", True, False), ("10.6.56.255", False, True), ("fd00::1", True, False), ("8.8.8.8", False, False),
        ("224.0.0.251", False, True), ("255.255.255.255", False, True), ("ff02::1", False, True),
        ("127.0.0.1", False, False), ("0.0.0.0", False, False),  # noqa: S104 (an address like any other here)
        ("no address", False, False),
    ],
)  # fmt: skip
def test_which_addresses_are_near_and_which_are_many(address, is_near, is_many):
    assert (near(address), many(address)) == (is_near, is_many)


def test_networks_are_shortened():
    assert network("192.0.2.77") == "192.0.2.0/24"
    assert network("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network("?") == "?"


def test_without_a_list_every_machine_in_a_private_network_is_a_device():
    devices = Devices(most=1)
    assert devices.id_of("192.168.1.7") == "192.168.1.7"
    assert devices.id_of("203.0.113.7") == NOBODY
    assert devices.id_of("192.168.1.8") == OTHERS


def test_with_a_list_nobody_else_is_one():
    devices = Devices({"203.0.113.7": "lamp", "02:00:0a:00:00:07": "plug"})
    assert devices.id_of("203.0.113.7") == "lamp"
    assert devices.id_of("10.0.0.7", bytes.fromhex("02000a000007")) == "plug"
    assert devices.id_of("10.0.0.8", bytes(6)) == NOBODY
    assert devices.known("10.0.0.9") == NOBODY


def test_hardware_addresses_are_written_with_colons():
    assert mac(b"\x02\0\x0a\0\0\x07") == "02:00:0a:00:00:07"
