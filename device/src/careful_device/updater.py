"""The hand of a job: does what `job.py` decides, one step at a time.

Each step may be repeated after a crash. What is true of the device afterwards is asked of the slot driver, never
remembered: `installed.json` only adds what the driver cannot know (the digest, and the floors below which the device
never goes again).
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from careful_device import consent, delta, directed, files, genuine, manifest, power, seen, trust, versions
from careful_device.conditions import Conditions, Power, lacking, said_of
from careful_device.config import Config
from careful_device.ddi import Ddi
from careful_device.errors import AgentError, AnswerError, Refusal, SlotError
from careful_device.fetch import fetch
from careful_device.health import Health
from careful_device.https import Client
from careful_device.identity import Identity
from careful_device.job import is_unsaid
from careful_device.model import Delta, Facts, Job, Order, Step, Target
from careful_device.slots import SlotDriver
from careful_device.timefloor import Floor

_WORDS = {
    Step.FETCH: "downloading {version}",
    Step.INSTALL: "installing {version}, its bytes are what was signed",
    Step.ACTIVATE: "starting {version}",
    Step.PROVE: "checking the health of {version}",
    Step.ROLLBACK: "going back: {outcome}",
}
_DELTA_TRIES = 3
_FINAL_ANSWERS = frozenset({400, 404, 406, 410, 415})


@dataclass
class Updater:
    """Carries out jobs for the device of `config`."""

    config: Config
    client: Client
    ddi: Ddi
    slots: SlotDriver
    health: Health
    root: bytes
    identity: Identity

    def facts(self) -> Facts:
        """Return what the device is and runs."""
        return facts_of(self.config, self.slots)

    def tell(self, job: Job) -> seen.Told:
        """Report that the job's step begins."""
        if is_unsaid(job):
            return seen.Told(gone=not self.ddi.tell(job.action, "scheduled", "none", f"waiting: {job.waiting}"))
        words = _WORDS[job.step].format(version=_version(job), outcome=job.outcome)
        return seen.Told(gone=not self.ddi.tell(job.action, "proceeding", "none", words))

    def do(self, job: Job) -> seen.Seen:
        """Take the job's step and say what came of it."""
        try:
            return self._step(job)
        except Refusal as refusal:
            return seen.Refused(refusal.kind, refusal.reason)
        except SlotError as failure:
            lasting = job.step is not Step.ROLLBACK  # going back is tried again and again
            return seen.Broken(failure.what) if lasting else seen.Failed(failure.what)
        except AnswerError as answer:
            lasting = answer.status in _FINAL_ANSWERS and job.step in {Step.READ, Step.FETCH}
            return seen.Broken(answer.what) if lasting and job.tries > 2 else seen.Failed(answer.what)  # noqa: PLR2004 (a link may be renewed meanwhile: two more tries)
        except (AgentError, OSError) as failure:
            return seen.Failed(str(failure))

    def look(self, job: Job, now: float) -> seen.Clear | seen.Held:
        """See whether the order's conditions hold at the moment `now`."""
        wanted = job.order.conditions if job.order else Conditions()
        then = datetime.fromtimestamp(max(now, Floor(self.config.home).seconds()), tz=timezone.utc)
        kind, why = lacking(wanted, self.power(), then)
        return seen.Held(kind, why) if why else seen.Clear()

    def power(self) -> Power:
        """Return what drives the device."""
        wanted = self.config.updates
        return power.look(wanted.power, self.config.home / wanted.power_supply, self.config.home)

    def ask(self, action: str, href: str) -> seen.Told:
        """Ask the owner about the order that waits, and hand on the answer; tell whether there was one."""
        version = self.ddi.waiting(href)
        agreed = None if version is None else consent.ask(self.config.updates.consent, version, self.config.home)
        if agreed is not None:
            self.ddi.confirm(action, agreed=agreed)
        return seen.Told(gone=not agreed)

    def describe(self) -> dict[str, str]:
        """Return the device's attributes."""
        version, slot = self.slots.running()
        told = {"version": version, "slot": slot, "product": self.config.product, "hardware": self.config.hardware}
        told |= said_of(self.power())
        signed = manifest.attributes(self.config.home, self.identity, self.facts())
        return {name: value for name, value in told.items() if value} | signed

    def _step(self, job: Job) -> seen.Seen:
        if job.step is Step.READ:
            order = self.ddi.order(job.action, job.href)
            # An order whose window is closed is left alone; it is read again when the server shows it next.
            return seen.Stepped(order=order) if order is not None and order.install else seen.Told(gone=True)
        if job.step is Step.CLOSE:
            finished = "success" if job.succeeded else "failure"
            return seen.Told(gone=not self.ddi.tell(job.action, "closed", finished, job.outcome))
        if job.order is None:
            raise Refusal("unsigned", "the order was lost before it was checked")
        if job.step is Step.CHECK:
            return self._check(job.order)
        if job.target is None:
            raise Refusal("unsigned", "the order was never checked")
        return self._change(job, job.order, job.target)

    def _check(self, order: Order) -> seen.Stepped:
        facts = self.facts()
        trust.check_order(order, facts)
        home = self.config.home
        paths = [order.target_path]
        if order.delta_path and self.config.updates.source != "none":
            paths.append(order.delta_path)
        found = genuine.look_up(self.client, home, self.config.tuf_url, self.root, paths)
        target = genuine.target_in(found.targets, order.target_path)
        trust.check_target(order, target, facts)
        directed.check(self.client, home, order, target, found.top, facts)
        if target.length > self.config.updates.image_bytes:
            raise SlotError(f"the image has {target.length} bytes, more than this device takes")
        installed = trust.is_installed(target, facts)
        shortcut = None if installed else delta.signed_in(found.targets, order, target)
        if shortcut is not None and self._source(shortcut) is None:
            shortcut = None
        return seen.Stepped(target=target, installed=installed, delta=shortcut)

    def _source(self, found: Delta) -> Path | None:
        return delta.source_of(self.config.home, self.config.updates.source, self.slots, found)

    def _change(self, job: Job, order: Order, target: Target) -> seen.Stepped:
        downloads = self.config.home / "downloads"
        if job.step is Step.FETCH:
            source = self._source(job.delta) if job.delta and job.tries <= _DELTA_TRIES else None
            if job.delta is not None and source is not None:
                said = delta.build(self.client, job.delta, target, source, self.config.home)
                self._tell_delta(job, said)
            fetch(self.client, order.download, target, downloads)
        elif job.step is Step.INSTALL:
            # Fetched again if it is gone, and checked again in any case: what is installed is what was signed.
            self.slots.install(fetch(self.client, order.download, target, downloads), target)
        elif job.step is Step.ACTIVATE:
            self.slots.activate(target)
        elif job.step is Step.PROVE:
            self.health(target)
        elif job.step is Step.CONFIRM:
            self.slots.confirm(target)
            _note_installed(self.config.home, target)
            if self.config.updates.source == "kept":
                delta.keep(self.config.home, target)
            files.remove(downloads / target.sha256)
        else:
            self.slots.rollback(target)
            files.remove(downloads / target.sha256)
        return seen.Stepped()

    def _tell_delta(self, job: Job, said: str) -> None:
        """Report what became of a delta; that nobody hears it is no reason to stop."""
        if not said:
            return
        then = f"downloading {_version(job)} whole" if "failed" in said else f"{_version(job)} was made from a delta"
        with contextlib.suppress(AgentError):
            self.ddi.tell(job.action, "proceeding", "none", said, then)


def facts_of(config: Config, slots: SlotDriver) -> Facts:
    """Return what the device is, what it runs, and the floors below which it does not go."""
    version, _slot = slots.running()
    noted = files.read_json(config.home / "installed.json")
    floor = noted.get("security_floor", 0)
    return Facts(
        device=config.device,
        product=config.product,
        hardware=config.hardware,
        version=version,
        security_floor=floor if isinstance(floor, int) else 0,
        version_floor=str(noted.get("version_floor", "")),
        sha256=str(noted.get("sha256", "")) if noted.get("version") == version else "",
    )


def _note_installed(home: Path, target: Target) -> None:
    path = home / "installed.json"
    noted = files.read_json(path)
    floor, highest = noted.get("security_floor", 0), str(noted.get("version_floor", ""))
    known = floor if isinstance(floor, int) else 0
    files.write_json(
        path,
        {
            "version": target.version,
            "sha256": target.sha256,
            "security_floor": max(known, target.security_version),
            "version_floor": highest if highest and versions.is_newer(highest, target.version) else target.version,
        },
    )


def _version(job: Job) -> str:
    return job.target.version if job.target else "?"
