import threading

from careful_device.hub import Hub


def test_orders_are_done_in_turn_by_one_thread():
    hub = Hub()
    done, end = [], threading.Event()
    for number in range(50):
        hub.later(lambda number=number: done.append((number, threading.current_thread().name)))
    hub.later(end.set)
    assert end.wait(5)
    assert done == [(number, "mqtt") for number in range(50)]
    hub.close()


def test_an_idle_hub_sleeps_and_ends_at_once():
    hub = Hub()
    hub.close()
    assert not hub._thread.is_alive()
    hub.close()
