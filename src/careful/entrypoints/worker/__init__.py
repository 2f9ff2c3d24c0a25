"""The worker: runs the background chores until told to stop. Any number may run beside each other."""

import signal
import threading
from collections.abc import Sequence

from careful.kernel.reconcile import Chore, work_alone, work_until
from careful.kernel.work import World


def run(
    world: World, chores: Sequence[Chore], stop: threading.Event | None = None, *, beside: Sequence[Chore] = ()
) -> None:
    """Work until SIGTERM or SIGINT (or `stop`), finishing the chores under way; each of `beside` has its own thread."""
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=work_alone, args=(world, one, stop), name=one.name) for one in beside]
    for thread in threads:
        thread.start()
    try:
        work_until(world, chores, stop, every=1.0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
