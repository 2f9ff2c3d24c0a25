"""Several gateways: the newest connection wins, in whichever process it is, and what ends one ends it everywhere."""

import itertools
import socket
import time
from dataclasses import replace

import pytest

from careful import devices
from careful.entrypoints.gateway.mqtt import server
from careful.entrypoints.gateway.mqtt.packets import PingReq, PingResp, PubAck, Will
from careful.entrypoints.gateway.mqtt.places import Places
from careful.kernel import inbox, mailbox
from careful.kernel.mailbox import Mailbox


@pytest.fixture
def two(fleet, running):
    """Two gateways of one installation; each has a port of its own here, so that a test says which it means."""
    worlds = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ports = [fleet.world.settings.mqtt_port, free.getsockname()[1]]
    for port in ports:
        settings = fleet.world.settings.model_copy(update={"gateways": 2, "mqtt_port": port})
        worlds.append(replace(fleet.world, settings=settings))
    first = running()
    second = type(first)(worlds[1], fleet.folder, server.Limits())
    first.world = worlds[0]
    with first, second:
        yield first, second


def test_the_newest_claim_wins(tmp_path):
    box = Mailbox(tmp_path)
    one, other = Places(box, shared=True), Places(box, shared=True)
    one.claim("d")
    other.claim("d")
    for places in (one, other, one):
        places.read()
    assert (one.lost(), one.lost(), other.lost()) == (["d"], [], [])
    one.claim("d")
    for places in (one, other):
        places.read()
    assert (one.lost(), other.lost()) == ([], ["d"])
    box.close()


def test_a_claim_from_before_is_no_news(tmp_path):
    box = Mailbox(tmp_path)
    old = Places(box, shared=True)
    old.claim("d")
    new = Places(box, shared=True)
    new.claim("d")
    new.read()
    assert new.lost() == []
    box.close()


def test_alone_nothing_is_noted(tmp_path):
    box = Mailbox(tmp_path)
    places = Places(box, shared=False)
    places.claim("d")
    places.read()
    assert (places.lost(), box.claims_after(0)) == ([], [])
    box.close()


def test_a_device_that_joins_another_gateway_leaves_this_one(two, eventually, world):
    who = two[0].make("cam-1-001")
    for old, new in itertools.pairwise([two[0], two[1], two[0]]):
        one = old.join(who, will=Will("d/cam-1-001/event/offline", b"{}"))
        began = time.monotonic()
        other = new.join(who)
        assert one.receive() is None
        assert time.monotonic() - began < 3
        assert other.ask(PingReq()) == PingResp()
        assert isinstance(other.say("d/cam-1-001/up/climate"), PubAck)
        other.close()
    assert eventually(lambda: inbox.count(world.home, "cam-1-001") == 4)


def test_a_persistent_session_and_its_mail_go_along(two, world):
    who = two[0].make("cam-1-001")
    one = two[0].join(who, clean=False)
    one.hear("d/cam-1-001/down/#")
    one.close()
    mailbox.enqueue_down(world.home, "cam-1-001", "down/x", b"{}")
    other = two[1].connect(who, clean=False)
    answer = other.receive()
    assert (answer.code, answer.present) == (0, True)
    assert other.receive().topic == "d/cam-1-001/down/x"


def test_a_cut_reaches_every_gateway(two, world, staff):
    clients = [gateway.join(gateway.make(f"cam-1-00{n}")) for n, gateway in enumerate(two)]
    for n in range(2):
        devices.quarantine(world, staff, f"cam-1-00{n}", "it behaves badly")
    assert [one.receive() for one in clients] == [None, None]


def test_two_gateways_write_into_one_inbox(two, world):
    clients = [gateway.join(gateway.make(f"cam-1-00{n}")) for n, gateway in enumerate(two)]
    for number in range(1, 40):
        for n, one in enumerate(clients):
            assert one.say(f"d/cam-1-00{n}/up/climate", b'{"n":%d}' % number, number) == PubAck(number)
    for n in range(2):
        said = [one.payload for one in inbox.recent(world.home, f"cam-1-00{n}", limit=100)]
        assert said == [b'{"n":%d}' % number for number in range(39, 0, -1)]


def test_several_may_share_one_port(fleet, running):
    first = running()
    first.world = replace(fleet.world, settings=fleet.world.settings.model_copy(update={"gateways": 2}))
    second = type(first)(first.world, fleet.folder, server.Limits())
    who = fleet.make("cam-1-001")
    with first, second:
        for _ in range(8):
            first.join(who).close()
