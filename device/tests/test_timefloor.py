"""Time never goes back below what was signed: on its own, and through the whole agent with its clock set back."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from simulated_repository import Delegated
from tuf.api.metadata import Timestamp

from careful_device import genuine, timefloor
from careful_device.errors import Refusal
from careful_device.https import Client
from careful_device.timefloor import Floor, signed_at

PATH = "1.0.0/cam-1-1.0.0.tar.gz"
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(monkeypatch):
    """Move this device's clock."""

    def to(by):
        moved = time.time() + by.total_seconds()
        monkeypatch.setattr(timefloor.time, "time", lambda: moved)

    real = time.time
    yield to
    monkeypatch.setattr(timefloor.time, "time", real)


def stamp(maker, *, signed, ends):
    """Sign a timestamp as if at `signed`, good until `ends` (both from now)."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    timestamp = maker.repository.timestamp
    timestamp.expires = now + ends
    timestamp.unrecognized_fields["signed_at"] = f"{now + signed:%Y-%m-%dT%H:%M:%SZ}"
    maker.repository.stamp()


@pytest.fixture
def find(home, maker):
    maker.repository = Delegated()
    maker.release("1.0.0")
    client = Client(home / "ca.pem")
    root = maker.repository.root
    yield lambda: genuine.find(client, home, f"{maker.url}/tuf/cam-1", root, PATH)
    client.close()


def expired(find):
    with pytest.raises(Refusal) as refused:
        find()
    return refused.value.kind == "expired"


def test_a_clock_set_back_below_the_newest_timestamp_revives_nothing(find, home, maker, clock):
    stamp(maker, signed=-3 * HOUR, ends=-HOUR)
    assert expired(find)
    clock(-2 * HOUR)
    assert expired(find)  # the clock was once seen beyond its end
    (home / "time.json").unlink()
    assert find().version == "1.0.0"  # without a floor it would be believed
    stamp(maker, signed=timedelta(), ends=24 * HOUR)
    find()
    stamp(maker, signed=-3 * HOUR, ends=-HOUR)
    assert expired(find)  # what was signed since tells the time
    assert Floor(home).now() > datetime.now(timezone.utc) - timedelta(minutes=2) - 2 * HOUR


def test_a_clock_in_1970_is_led_by_what_was_signed(find, home, maker, clock):
    clock(timedelta(seconds=-time.time()))
    stamp(maker, signed=timedelta(), ends=24 * HOUR)
    find()
    assert abs(Floor(home).now().timestamp() - datetime.now(timezone.utc).timestamp()) < 120


def test_new_timestamp_keys_begin_anew(find, home, maker):
    """The server's clock was a year ahead for a while: devices would call everything expired."""
    stamp(maker, signed=8760 * HOUR, ends=8784 * HOUR)
    find()
    stamp(maker, signed=timedelta(), ends=24 * HOUR)
    assert expired(find)
    repository = maker.repository
    old = [repository.vault.renew("timestamp")]
    assert old
    repository.new_root()
    repository.publish_online()
    assert find().version == "1.0.0"
    assert Floor(home).now() < datetime.now(timezone.utc) + HOUR


@pytest.mark.parametrize(
    ("said", "known"),
    [
        pytest.param("2026-01-01T00:00:00Z", True, id="good"),
        pytest.param("2126-01-01T00:00:00Z", False, id="later than its own end"),
        pytest.param("yesterday", False, id="no moment"),
        pytest.param(12, False, id="a number"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_when_a_timestamp_was_signed(said, known):
    fields = {} if said is None else {"signed_at": said}
    one = Timestamp(expires=datetime(2026, 1, 3, tzinfo=timezone.utc), unrecognized_fields=fields)
    assert (signed_at(one) is not None) is known


@pytest.mark.parametrize("noted", ["{}", '{"floor": "x"}', '{"floor": true}', '{"floor": -1}', '{"floor": 1e300}', "["])
def test_a_damaged_note_is_none(tmp_path, noted):
    (tmp_path / "time.json").write_text(noted)
    assert Floor(tmp_path).seconds() == 0


def test_it_only_rises_and_spares_the_disk(tmp_path):
    floor = Floor(tmp_path)
    for seconds, expected in ((1000, 1000), (1030, 1000), (900, 1000), (1060, 1060)):
        floor.rise(seconds)
        assert floor.seconds() == expected
    floor.forget()
    assert floor.seconds() == 0


def test_the_certificate_tells_the_time(device, home, maker):
    device.settle()
    assert Floor(home).seconds() == device.agent.identity.certificate().start
    (home / "time.json").unlink()
    device.on()  # it is still there after the note was lost
    assert Floor(home).seconds() == device.agent.identity.certificate().start


def test_the_agent_refuses_expired_metadata_after_its_clock_was_set_back(device, home, maker, clock):
    maker.repository = Delegated()
    (home / "root.json").write_bytes(maker.repository.root)
    maker.release("1.0.0")
    maker.order("1.0.0")
    stamp(maker, signed=timedelta(), ends=24 * HOUR)
    maker.said = maker.repository.assign(PATH)
    device.settle()
    maker.release("1.0.1")
    maker.order("1.0.1")
    stamp(maker, signed=-3 * HOUR, ends=-HOUR)  # an old one, held back until now
    clock(-2 * HOUR)
    device.ask()
    assert maker.finals()[-1][2].startswith("refused: expired: ")
