import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

from town import STAFF, until

from careful import devices, releases, updates
from careful.demo.firmware import own_files, sbom, write_image
from careful.demo.fleet import Fleet, Turns, make
from careful.kernel import ledger


def release(town, folder, version):
    """Ship a small release of the camera: its own files and no packages."""
    path = folder / f"cam-1-{version}.tar.gz"
    with path.open("wb") as stream:
        write_image(stream, own_files("cam-1", version, folder / "none"), [])
    document = sbom("cam-1", version, [], hashlib.sha256(path.read_bytes()).hexdigest())
    added = releases.add(town.world, STAFF, "cam-1", version, path, json.dumps(document).encode(), ("rev-a",))
    updates.sign_release(town.world, STAFF, added.release.id)
    updates.publish(town.world, STAFF, added.release.id)


def roll_out(town, version):
    return updates.start_rollout(
        town.world, STAFF, "cam-1", version, waves=("100%",), max_failures_percent=100.0, deadline_seconds=6, attempts=1
    )


def events(town, name):
    with town.world.look() as connection:
        return [entry.data for entry in ledger.read(connection, names=(name,))]


def test_the_whole_story_of_a_fleet(town, tmp_path):
    folder = tmp_path / "fleet"
    make(folder, town.servers(), town.making("cam-1", 5))
    fleet = Fleet(folder, every_seconds=1.0)
    fleet.start()
    try:
        until(lambda: all(one["connected"] for one in fleet.status().values()))
        release(town, tmp_path, "1.0.0")
        roll_out(town, "1.0.0")
        until(
            lambda: (updates.advance(town.world), {one["version"] for one in fleet.status().values()} == {"1.0.0"})[1]
        )
        until(lambda: (updates.advance(town.world), events(town, "updates.rollout_finished"))[1])

        fleet.behave("cam-1-002", {"name": "unhealthy", "version": "1.0.1"})
        fleet.behave("cam-1-003", {"name": "silent", "version": "1.0.1"})
        release(town, tmp_path, "1.0.1")
        until(lambda: devices.get(town.world, "cam-1-001").version == "1.0.0")
        updates.drill(town.world, STAFF, "cam-1-001", "tampered")
        until(lambda: events(town, "updates.drill_held"))
        roll_out(town, "1.0.1")
        until(lambda: (updates.advance(town.world), events(town, "updates.device_silent"))[1])
        until(lambda: (updates.advance(town.world), events(town, "updates.device_failed"))[1])
        until(
            lambda: (
                sorted(one["version"] for one in fleet.status().values())
                == ["1.0.0", "1.0.0", "1.0.1", "1.0.1", "1.0.1"]
            )
        )
        updates.drill(town.world, STAFF, "cam-1-001", "rollback")
        until(lambda: len(events(town, "updates.drill_held")) == 2)
    finally:
        fleet.stop()
    assert [one["device"] for one in events(town, "updates.device_silent")] == ["cam-1-003"]
    failed = events(town, "updates.device_failed")[0]
    assert (failed["device"], failed["rolled_back"]) == ("cam-1-002", True)
    assert failed["reason"].startswith("rolled back: the main program did not answer")
    assert [one["kind"] for one in events(town, "updates.drill_held")] == ["tampered", "rollback"]
    status = json.loads((folder / "status.json").read_text())["devices"]
    assert status["cam-1-003"]["behaviour"]["done"]


def start(folder, *more):
    process = subprocess.Popen(
        [sys.executable, "-m", "careful.demo.fleet", "--dir", str(folder), *more], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().endswith("devices are on\n")
    return process


def connected(folder):
    try:
        found = json.loads((folder / "status.json").read_text())
    except (OSError, ValueError):
        return 0, 0.0
    return sum(one["connected"] for one in found["devices"].values()), found["at"]


def test_a_killed_fleet_goes_on_where_it_was(town, tmp_path):
    folder = tmp_path / "fleet"
    make(folder, town.servers(), town.making("plug-1", 3))
    first = start(folder)
    until(lambda: connected(folder)[0] == 3)
    first.kill()
    first.wait()
    keys = {path.parent.name: path.read_bytes() for path in folder.glob("*/identity.pem")}
    killed = time.time()
    second = start(folder)
    until(lambda: connected(folder)[0] == 3 and connected(folder)[1] > killed)
    (folder / "control.json").write_text(
        json.dumps(
            {"poll": 1, "behaviours": {"plug-1-002": {"name": "silent", "version": "9"}, "plug-1-003": {"name": "odd"}}}
        )
    )
    until((folder / "plug-1-002" / "behaviour.json").exists)
    os.kill(second.pid, signal.SIGUSR1)
    (folder / "control.json").write_text(json.dumps({"stop": True}))
    assert second.wait(20) == 0
    assert not (folder / "control.json").exists()
    assert {path.parent.name: path.read_bytes() for path in folder.glob("*/identity.pem")} == keys
    assert len(events(town, "devices.enrolled")) >= 3


def test_a_device_that_cannot_be_switched_on_does_not_keep_the_others_off(town, tmp_path):
    folder = tmp_path / "fleet"
    make(folder, town.servers(), town.making("lock-1", 1))
    (folder / "broken").mkdir()
    (folder / "broken" / "config.toml").write_text("device = ")
    fleet = Fleet(folder)
    assert list(fleet.devices) == ["lock-1-001"]
    fleet.start()
    fleet.stop()


def test_a_second_fleet_waits_for_the_first_to_end(tmp_path):
    command = [sys.executable, "-m", "careful.demo.fleet", "--dir", str(tmp_path)]
    first, second = (subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2))
    [speaker_says, *_], _, _ = select.select([first.stdout, second.stdout], [], [], 20)
    speaker = first if speaker_says is first.stdout else second
    [other] = {first, second} - {speaker}
    assert not select.select([other.stdout], [], [], 1)[0]
    speaker.kill()
    assert other.stdout.readline() == "0 devices are on\n"
    other.terminate()
    for one in (first, second):
        one.wait(20)
        one.stdout.close()


def test_making_a_device_twice_changes_nothing(town, tmp_path):
    making = town.making("lock-1", 1, first=9)
    make(tmp_path, town.servers(), making)
    (tmp_path / "lock-1-009" / "config.toml").write_text("mine")
    make(tmp_path, town.servers(), making)
    assert (tmp_path / "lock-1-009" / "config.toml").read_text() == "mine"


def test_turns_are_taken_by_one_at_a_time_and_woken_early():
    turns, running, most, count = Turns(4), set(), [0], {"a": 0, "b": 0}
    lock, enough = threading.Lock(), threading.Event()

    def step(name):
        with lock:
            assert name not in running
            running.add(name)
            most[0] = max(most[0], len(running))
        turns.wake(name)  # woken in the middle of its own turn: it gets another
        with lock:
            running.discard(name)
            count[name] += 1
            if min(count.values()) > 50:
                enough.set()
        return 3600.0

    for name in count:
        turns.add(name, lambda name=name: step(name))
    turns.start()
    assert enough.wait(20)
    turns.stop()
    assert most[0] <= 2


def test_a_fault_in_one_turn_does_not_end_the_others(caplog):
    turns, done = Turns(1), threading.Event()
    turns.add("bad", lambda: 1 / 0)
    turns.add("good", lambda: (done.set(), 3600.0)[1])
    turns.start()
    assert done.wait(10)
    turns.stop()
    assert "bad: a fault in its turn" in caplog.text
