import io
import tarfile

import pytest
from town import until

from careful.demo.fleet import make
from careful.demo.simulated import SharedImages, Simulated
from careful_device.errors import SlotError
from careful_device.hub import Hub
from careful_device.model import Job, Order, Step, Target

ORDER = Order(action="7", href="h", version="1.0.1", filename="f", size=1, download="d", target_path="p")
TARGET = Target(
    path="p", length=1, sha256="0", product="cam-1", hardware=("rev-a",), version="1.0.1", security_version=1
)


def image(folder, name, version):
    path = folder / name
    with tarfile.open(path, "w:gz") as archive:
        content = f"VERSION_ID={version}\n".encode()
        member = tarfile.TarInfo("etc/os-release")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


def test_an_image_is_unpacked_once_and_shared(tmp_path):
    (tmp_path / ".images" / "half.unpacking").mkdir(parents=True)
    shared = SharedImages(tmp_path / ".images")
    packed = image(tmp_path, "abc", "1.0")
    shared.unpack(packed, tmp_path / "one")
    packed.write_bytes(b"gone")
    shared.unpack(packed, tmp_path / "two")
    files = [tmp_path / name / "etc" / "os-release" for name in ("one", "two")]
    assert files[0].read_text() == "VERSION_ID=1.0\n"
    assert files[0].stat().st_ino == files[1].stat().st_ino
    assert [path.name for path in (tmp_path / ".images").iterdir()] == ["abc"]


def test_an_image_that_cannot_be_unpacked_leaves_nothing_shared(tmp_path):
    shared = SharedImages(tmp_path / ".images")
    (tmp_path / "abc").write_bytes(b"rubbish")
    with pytest.raises(SlotError):
        shared.unpack(tmp_path / "abc", tmp_path / "one")
    assert not (tmp_path / "one").exists()


@pytest.fixture(scope="module")
def hub():
    made = Hub()
    yield made
    made.close()


@pytest.fixture
def switch_on(town, tmp_path, hub):
    """Make a device and switch it on; calling again is a restart."""
    made = []
    make(tmp_path, town.servers(), town.making("cam-1", 1))

    def on():
        for one in made:
            one.close()
        made[:] = [Simulated(tmp_path / "cam-1-001", hub, SharedImages(tmp_path / ".images"), 1.0, lambda: None)]
        return made[0]

    yield on
    made[0].close()


def test_it_enrols_connects_and_sends_what_its_product_declares(switch_on, town):
    device = switch_on()
    until(lambda: (device.step(), device.agent.state.connected)[1])
    until(lambda: (device.step(), device.agent.backlog.after(0, 1) or device.agent.messenger._last)[1])
    until(lambda: (device.step(), device.status()["backlog"]["waiting"] == 0)[1])
    assert device.status()["backlog"]["refused"] == 0
    assert device.status()["behaviour"] == {"name": "normal"}


def test_telemetry_is_plausible(switch_on):
    reading = switch_on()._reading()
    assert set(reading) == {"temperature_c", "uptime_s", "rssi_dbm"}
    assert 20 < reading["temperature_c"] < 40
    assert -90 < reading["rssi_dbm"] < -40


def test_an_unknown_behaviour_names_those_there_are(switch_on):
    with pytest.raises(ValueError, match="there are: normal, unhealthy, silent, rogue"):
        switch_on().behave({"name": "polite"})


def test_unhealthy_is_unhealthy_once_even_after_a_restart(switch_on, monkeypatch):
    device = switch_on()
    device.behave({"name": "unhealthy", "version": "1.0.1"})
    monkeypatch.setattr(device, "_well", lambda _target: None)
    with pytest.raises(SlotError, match="did not answer"):
        device._health(TARGET)
    again = switch_on()
    monkeypatch.setattr(again, "_well", lambda _target: None)
    again._health(TARGET)
    assert again.asked == {"name": "unhealthy", "version": "1.0.1"}


def test_silent_goes_dark_at_the_sight_of_its_version_and_stays_dark(switch_on):
    device = switch_on()
    until(lambda: (device.step(), device.agent.state.connected)[1])
    device.behave({"name": "silent", "version": "1.0.1"})
    job = Job(action="7", href="h", step=Step.CLOSE, order=ORDER, due=10**12)
    device.agent.state = type(device.agent.state)(**{**vars(device.agent.state), "job": job})
    assert device.step() == 3600.0
    assert switch_on().step() == 3600.0
