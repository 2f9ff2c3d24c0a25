"""Running detections over windows, and keeping what they remember."""

from careful.monitoring import Watcher


def test_what_fires_is_returned_once(expected, a_window, a_flow):
    watcher = Watcher()
    strange = a_window(flows=(a_flow(host="evil.example"),))
    assert [one.rule for one in watcher.see(strange, expected)] == ["undeclared_destination"]
    assert watcher.see(strange, expected) == []


def test_memories_survive_a_restart(expected, a_window, a_flow):
    strange = a_window(flows=(a_flow(host="evil.example"),))
    before = Watcher()
    before.see(strange, expected)
    after = Watcher()
    after.recall("cam-9-1", before.remembered("cam-9-1"))
    assert after.see(strange, expected) == []


def test_what_cannot_be_read_begins_anew(expected, a_window, a_flow):
    watcher = Watcher()
    watcher.recall("cam-9-1", b"\xff")
    watcher.recall("cam-9-1", b"\x81\xb6undeclared_destination\xa1x")
    assert watcher.see(a_window(flows=(a_flow(host="evil.example"),)), expected)


def test_memory_is_bounded(expected, a_window):
    watcher = Watcher(devices_most=3)
    for number in range(10):
        watcher.see(a_window(device=f"d{number}"), expected)
    assert len(watcher) == 3
    assert watcher.remembered("d9") is not None
    assert watcher.remembered("d0") is None


def test_a_forgotten_device_is_new(expected, a_window, a_flow):
    watcher = Watcher()
    strange = a_window(flows=(a_flow(host="evil.example"),))
    watcher.see(strange, expected)
    watcher.forget("cam-9-1")
    assert watcher.see(strange, expected)
