"""What detections remember, kept over a restart; and the word that somebody is watching at all."""

from collections.abc import Iterable, Mapping

from careful.kernel.actors import SYSTEM
from careful.kernel.work import World
from careful.monitoring import store
from careful.monitoring.events import Watched

_AT_ONCE = 500


def keep(world: World, memories: Mapping[str, bytes]) -> None:
    """Keep what is remembered of devices, a few hundred in a transaction: others want to write as well."""
    names = sorted(memories)
    for start in range(0, len(names), _AT_ONCE):
        with world.change(SYSTEM) as work:
            rows = [
                {"device": name, "kept": memories[name], "at": work.now} for name in names[start : start + _AT_ONCE]
            ]
            store.keep_memories(work.connection, rows)


def kept(world: World, names: Iterable[str]) -> dict[str, bytes]:
    """Return what was kept of devices."""
    wanted, found = sorted(names), {}
    for start in range(0, len(wanted), _AT_ONCE):
        with world.look() as connection:
            found.update(store.kept_memories(connection, wanted[start : start + _AT_ONCE]))
    return found


def note_watched(world: World, source: str, heard: int, windows: int, detections: int) -> None:
    """Put on record that a source of signals is being watched."""
    with world.change(SYSTEM) as work:
        work.record(Watched(source=source, devices=heard, windows=windows, detections=detections))
