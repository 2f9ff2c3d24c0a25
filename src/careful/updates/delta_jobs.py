"""Deltas, made in the background for the pairs that the fleet needs, and put in force like every other target.

One job at a time, in a process of its own (`delta_make.py`), so that rollouts never wait for one. What a job gave is
taken in by one transaction; a crash anywhere leaves at most a file that the next job removes. A delta that is made
becomes a target of the product's repository with the next signature: at once where the targets key is on this server,
else with the next `careful release sign`. Devices are offered none before that.
"""

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from careful import devices, products, releases
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.work import World
from careful.updates import delta_plan, delta_store, queries
from careful.updates.delta_plan import Delta, Pair
from careful.updates.events import DeltaFailed, DeltaMade

_SECONDS_FOR_MEGABYTE = 6
_LEAST_SECONDS = 60
_LONGEST_REASON = 300
_SAID = 4096


def can_make() -> bool:
    """Tell whether the library that makes deltas is installed."""
    return importlib.util.find_spec("detools") is not None


@dataclass(slots=True)
class _Job:
    """A delta being made; `lock` is held as long as it lasts."""

    pair: Pair
    base: releases.Release
    image: releases.Release
    format: str
    patch: Path
    seconds: int
    started: float
    process: "subprocess.Popen[bytes]"
    lock: IO[str]


class DeltaMaker:
    """The worker's hand for deltas: starts a job, looks in on it, takes in what it gave."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._job: _Job | None = None

    def advance(self, world: World) -> int:
        """Do what is next without waiting; return how much was done."""
        if self._job is None:
            self._start(world)
            return 0
        if self._job.process.poll() is None:
            if self._monotonic() - self._job.started <= self._job.seconds * 3 + _LEAST_SECONDS:
                return 0
            self._job.process.kill()
        job, self._job = self._job, None
        try:
            return _take_in(world, job, self._monotonic() - job.started)
        finally:
            job.patch.unlink(missing_ok=True)
            job.lock.close()

    def close(self) -> None:
        """End the job under way; it is begun again another time."""
        if self._job is not None:
            self._job.process.kill()
            self._job.process.wait()
            self._job.patch.unlink(missing_ok=True)
            self._job.lock.close()
            self._job = None

    def _start(self, world: World) -> None:
        if not world.settings.delta_bytes or not can_make():
            return
        pair = next_pair(world)
        if pair is None:
            return
        lock = _lock(world.home / "deltas")
        if lock is None:  # another worker of this installation is at it
            return
        base, image = releases.by_id(world, pair.base), releases.by_id(world, pair.release)
        patch = world.home / "deltas" / "patch"
        patch.unlink(missing_ok=True)
        largest = max(base.artifact.size, image.artifact.size)
        seconds = _LEAST_SECONDS + _SECONDS_FOR_MEGABYTE * (largest >> 20)
        kind = releases.policy(world, image.product).delta_format
        arguments = [
            str(releases.artifact_path(world, base.artifact.sha256)),
            str(releases.artifact_path(world, image.artifact.sha256)),
            kind,
            str(patch),
            str(seconds),
        ]
        process = subprocess.Popen(  # noqa: S603 (our own module, with paths of our own making)
            [sys.executable, "-m", "careful.updates.delta_make", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(patch.parent)},
        )
        self._job = _Job(pair, base, image, kind, patch, seconds, self._monotonic(), process, lock)


def next_pair(world: World) -> Pair | None:
    """Return the delta to make next, over all products: the one that most devices gain by."""
    with world.look() as connection:
        under_way = set(queries.releases_under_way(connection))
        known = {(one.release, one.base) for one in delta_store.read(connection)}
    found: list[Pair] = []
    for product in products.list_all(world):
        listed = releases.list_for(world, product.id)
        if len(listed) > 1 and releases.policy(world, product.id).delta_format != "off":
            running = devices.count_by_version(world, product.id)
            found += delta_plan.wanted(listed, running, under_way, known, world.settings.delta_bytes)[:1]
    return max(found, key=lambda one: one.devices, default=None)


def _lock(folder: Path) -> IO[str] | None:
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = (folder / "lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def _take_in(world: World, job: _Job, seconds: float) -> int:
    said, complaint = job.process.communicate()
    verdict = _verdict(said) if job.process.returncode == 0 else None
    reason, state = "", "ready"
    if verdict is None:
        lines = complaint.decode(errors="replace").strip().splitlines()
        reason = (lines[-1] if lines else f"it ended with {job.process.returncode}")[:_LONGEST_REASON]
        state = "failed"
    elif not verdict["worth"]:
        state, reason = "useless", f"the patch has {verdict['size']:,} bytes, which saves too little"
    elif not verdict["right"]:
        state, reason = "failed", "the patch does not give the image"
    kept = releases.keep_extra(world, job.patch) if state == "ready" else None
    one = Delta(
        release=job.image.id,
        base=job.base.id,
        product=job.image.product,
        format=job.format,
        state=state,  # type: ignore[arg-type]  # one of three words, chosen above
        sha256=kept.sha256 if kept else "",
        sha1=kept.sha1 if kept else "",
        md5=kept.md5 if kept else "",
        size=kept.size if kept else int(verdict["size"]) if verdict else 0,
        base_sha256=job.base.artifact.sha256,
        base_size=job.base.artifact.size,
        full_sha256=job.image.artifact.sha256,
        full_size=job.image.artifact.size,
        version=job.image.version,
        seconds=seconds,
        reason=reason,
        made_at=world.clock.now(),
    )
    return _note(world, one)


def _verdict(said: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(said[:_SAID])
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"worth", "size", "right"} <= found.keys() else None


def _note(world: World, one: Delta) -> int:
    with world.change(SYSTEM) as work:
        if not delta_store.add(work.connection, one):
            return 0
        named = {"release": one.release, "base": one.base, "product": one.product}
        if one.state == "ready":
            work.record(DeltaMade(**named, artifact=one.sha256, size=one.size, full=one.full_size))
        else:
            work.record(DeltaFailed(**named, reason=one.reason))
    return 1


def try_again(world: World, actor: Actor, release_id: str) -> int:
    """Let deltas of a release that came to nothing be tried once more; return how many. Raises NotFound."""
    releases.by_id(world, release_id)
    with world.change(actor) as work:
        return delta_store.forget(work.connection, release_id)


def deltas(world: World, release_id: str) -> list[Delta]:
    """Return what became of every delta to a release, with what devices said of it."""
    with world.look() as connection:
        return delta_store.told(connection, release_id)


def delta_for(world: World, device: str, release: releases.Release) -> Delta | None:
    """Return the delta by which a device gets to a release, or None where only the full image does."""
    with world.look() as connection:
        ready = delta_store.read(connection, release=release.id, state="ready")
    seen = [one for one in ready if one.published_at is not None and one.size < release.artifact.size]
    if not seen:
        return None
    version = devices.get(world, device).version
    bases = {one.version: one.id for one in releases.list_for(world, release.product)}
    return next((one for one in seen if one.base == bases.get(version or "")), None)
