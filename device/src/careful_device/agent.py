"""The agent: asks the loop what to do, does it, and tells the loop what it saw.

`step` does one thing and says how long nothing more is due, so that one thread can drive an agent, or a few threads a
whole simulated fleet. What must survive a crash is written down before the act it announces (`job.json`).
"""

import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from careful_device import acts, config, est, files, loop, manifest, seen
from careful_device.backlog import Backlog
from careful_device.chain import Chain
from careful_device.conditions import Power, is_news, said_of
from careful_device.config import Config
from careful_device.connections import Connections
from careful_device.ddi import Ddi
from careful_device.directory_slots import DirectorySlots
from careful_device.errors import AgentError
from careful_device.health import Health, health_of
from careful_device.https import Client
from careful_device.hub import Hub
from careful_device.identity import Identity
from careful_device.model import Facts, Job, Step
from careful_device.mqtt import Messenger
from careful_device.names import Names
from careful_device.readings import Source, command_source, crash_source
from careful_device.slots import HookSlots, SlotDriver
from careful_device.timefloor import Floor
from careful_device.updater import Updater

_LOG = logging.getLogger(__name__)
_LONGEST_SLEEP = 3600.0
_LONGEST_PAUSE = 600.0
_CLOCK_SLACK = 60.0
_CONNECTIONS = "event/connections"  # a source of our own beside the streams


class Agent:
    """One device. Every part that touches the device itself can be exchanged: `slots`, `health`, `sources`."""

    def __init__(
        self,
        settings: Config,
        *,
        hub: Hub | None = None,
        slots: SlotDriver | None = None,
        health: Health | None = None,
        sources: Mapping[str, tuple[float, Source]] | None = None,
        clock: Callable[[], float] = time.time,
        wake: Callable[[], None] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._bell = threading.Event()
        self._wake = wake or self._bell.set
        self._stopping = False
        self._seen: deque[seen.Seen] = deque()
        self._last = clock()
        self._crashes: int | None = None
        self._power: Power | None = None
        log = settings.home / settings.names_log if settings.names_log else None
        self._table = Connections(names=Names(settings.servers, log))
        self.identity = Identity(settings.home, settings.device)
        self.client = Client(settings.ca_path, self.identity, stores=settings.stores_ca_path)
        self.slots = slots or slots_of(settings)
        self.updater = self._updater(health)
        self.backlog = Backlog(settings.home / "backlog.db", settings.backlog.messages, settings.backlog.bytes)
        self.messenger = self._messenger(hub) if hub is not None and settings.mqtt_host else None
        self._sources = sources_of(settings) if sources is None else dict(sources)
        if self.settings.connections_seconds and sources is None:
            self._sources[_CONNECTIONS] = (self.settings.connections_seconds, self._connections)
        if self.messenger is None:
            self._sources = {}
        if settings.token and self.identity.path():  # a crash came between the certificate and this
            config.erase_token(settings.home)
        self.state = self._start()

    def step(self) -> float:
        """Do the next thing. Return the seconds for which nothing is due (0: go on at once)."""
        now = self._clock()
        if now < self._last - _CLOCK_SLACK:  # the clock was set back: nothing that was due at a time is right any more
            self.state = self._start()
        self._last = now
        while self._seen:
            what = self._seen.popleft()
            self.state = loop.observe(self.state, None, what, now)
            if isinstance(what, seen.Connected):
                self._say_how_it_is()
        before = self.state.job
        self.state, act = loop.decide(self.state, now)
        if isinstance(act, acts.Wait):
            return min(_LONGEST_SLEEP, max(0.0, act.until - now))
        self._write_down(before)
        what = self._do(act)
        before = self.state.job
        if isinstance(act, acts.Do) and act.job.step is Step.CLOSE and isinstance(what, seen.Told):
            manifest.note_answer(self.settings.home, act.job.action)
            self._say_how_it_went(act.job)
        self.state = loop.observe(self.state, act, what, self._clock())
        self._write_down(before)
        self._log(act, what)
        return 0.0

    def notice(self, what: seen.Seen) -> None:
        """Tell the loop of something seen unasked. May be called from any thread."""
        self._seen.append(what)
        self._wake()

    def run(self) -> None:
        """Keep stepping until `stop` is called."""
        while not self._stopping:
            self._bell.clear()
            if delay := self.step():
                self._bell.wait(delay)

    def stop(self) -> None:
        """Make `run` return. May be called from any thread or signal handler."""
        self._stopping = True
        self._bell.set()

    def close(self) -> None:
        """End connections and close files. What was not sent stays in the backlog."""
        if self.messenger is not None:
            self.messenger.close()
        self.client.close()
        self.backlog.close()

    def facts(self) -> Facts:
        """Return what the device is and runs."""
        version, _slot = self.slots.running()
        return self.updater.facts() if self.updater else Facts(
            device=self.settings.device, product=self.settings.product, hardware=self.settings.hardware, version=version
        )  # fmt: skip

    def _start(self) -> loop.State:
        known = self.identity.certificate()
        if known:
            Floor(self.settings.home).rise(known.start)
        now, job = self._clock(), Job.from_json(files.read_json(self.settings.home / "job.json"))
        if job is not None:  # a pause is short: a later moment was noted by a clock that was ahead
            job = replace(job, due=min(job.due, now + _LONGEST_PAUSE))
        return loop.start(
            spread=zlib.crc32(self.settings.device.encode()) / 2**32,
            certificate=(known.start, known.end) if known else None,
            job=job,
            every={stream: seconds for stream, (seconds, _source) in self._sources.items()},
            now=now,
            mqtt=self.messenger is not None,
            updates=self.updater is not None,
        )

    def _updater(self, health: Health | None) -> Updater | None:
        if not (self.settings.ddi_url and self.settings.tuf_url):
            return None
        try:
            root = self.settings.root()
        except AgentError as missing:
            _LOG.error("%s: %s", self.settings.device, missing)
            return None
        wanted = self.settings.updates
        check = health or health_of(self.slots, wanted.health, wanted.health_seconds, self.settings.home)
        ddi = Ddi(self.client, self.settings.ddi_url, self.settings.device)
        return Updater(self.settings, self.client, ddi, self.slots, check, root, self.identity)

    def _messenger(self, hub: Hub) -> Messenger:
        address = (self.settings.mqtt_host, self.settings.mqtt_port)
        chain = Chain(self.settings.home / "nonce")
        return Messenger(self.settings.device, address, self.client, self.backlog, hub, self.notice, chain)

    def _do(self, act: acts.Act) -> seen.Seen:
        try:
            return self._act(act)
        except AgentError as failure:
            return seen.Failed(str(failure))
        except OSError as failure:  # a full or failing disk: said, and tried again later
            return seen.Failed(f"{type(failure).__name__}: {failure}")

    def _act(self, act: acts.Act) -> seen.Seen:
        if isinstance(act, (acts.Enrol, acts.Renew)):
            return self._certify(first=isinstance(act, acts.Enrol))
        if isinstance(act, acts.Connect) and self.messenger is not None:
            self.messenger.connect()
        elif isinstance(act, acts.Read):
            self._read(act.stream)
        elif self.updater is not None:
            return self._update(self.updater, act)
        return seen.Done()

    def _update(self, updater: Updater, act: acts.Act) -> seen.Seen:
        if isinstance(act, acts.Poll):
            self._tell_crashes(updater)
            self._tell_power(updater)
            return updater.ddi.poll()
        if isinstance(act, acts.Describe):
            updater.ddi.describe(updater.describe())
        elif isinstance(act, acts.AnswerCancel):
            updater.ddi.answer_cancel(act.action, dropped=act.dropped)
        elif isinstance(act, acts.Ask):
            return updater.ask(act.action, act.href)
        elif isinstance(act, acts.Tell):
            return updater.tell(act.job)
        elif isinstance(act, acts.Look):
            return updater.look(act.job, self._clock())
        elif isinstance(act, acts.Do):
            return updater.do(act.job)
        return seen.Done()

    def _certify(self, *, first: bool) -> seen.Seen:
        request = self.identity.request()
        if first:
            if not self.settings.token:
                raise AgentError("This device has no certificate and no token.", do="Ask its maker for a new token.")
            chain = est.enrol(
                self.client, self.settings.est_url, request, device=self.settings.device, token=self.settings.token
            )
        else:
            chain = est.re_enrol(self.client, self.settings.est_url, request)
        own = self.identity.accept(chain)
        if first:
            config.erase_token(self.settings.home)
        elif self.messenger is not None:
            self.messenger.drop()  # to come back with the new certificate, and so prove it
        Floor(self.settings.home).rise(own.start)
        return seen.Certified(own.start, own.end)

    def _read(self, stream: str) -> None:
        if self.messenger is None:
            return
        if stream == _CONNECTIONS:
            self.messenger.report(self._sources[stream][1](), stream)
        else:
            self.messenger.send(f"up/{stream}", self._sources[stream][1]())

    def _connections(self) -> dict[str, object]:
        return self._table.read(self._clock())

    def _say_how_it_is(self) -> None:
        version, _slot = self.slots.running()
        if self.messenger is not None and version:
            self.messenger.report({"version": version})

    def _tell_crashes(self, updater: Updater) -> None:
        """Say how often the software has crashed, when that has changed: a rollout is judged by it."""
        if not self.settings.updates.crashes:
            return
        try:
            count = crash_source(self.settings.updates.crashes, self.settings.home)()
        except AgentError as failure:
            _LOG.warning("%s", failure)  # no reason to go without updates
            return
        if count == self._crashes:
            return
        updater.ddi.describe({"crashes": str(count)})
        self._crashes = count

    def _tell_power(self, updater: Updater) -> None:
        """Say how much battery there is, when that has changed: with too little the server offers nothing."""
        power = updater.power()
        if is_news(self._power, power):
            updater.ddi.describe(said_of(power))
            self._power = power

    def _say_how_it_went(self, job: Job) -> None:
        """Tell of an order's end over MQTT too: whoever watches the device's events need not ask the update server."""
        if self.messenger is None:
            return
        self._say_how_it_is()
        version = job.target.version if job.target else ""
        state = "succeeded" if job.succeeded else "failed"
        told: dict[str, object] = {"action": job.action, "version": version, "state": state, "reason": job.outcome}
        self.messenger.send("event/update", told)

    def _write_down(self, before: Job | None) -> None:
        if self.state.job is before:
            return
        path = self.settings.home / "job.json"
        if self.state.job is None:
            files.remove(path)
        else:
            files.write_json(path, self.state.job.to_json())

    def _log(self, act: acts.Act, what: seen.Seen) -> None:
        name, device = type(act).__name__.lower(), self.settings.device
        if isinstance(what, (seen.Failed, seen.Refused, seen.Broken)):
            _LOG.warning("%s: %s: %s", device, name, what)
        elif isinstance(act, acts.Do) and act.job.step is Step.CLOSE:
            _LOG.info("%s: order %s: %s", device, act.job.action, act.job.outcome)
        else:
            _LOG.debug("%s: %s: %s", device, name, what)


def slots_of(settings: Config) -> SlotDriver:
    """Return the slot driver that the configuration names."""
    if settings.updates.hook:
        facts = Facts(device=settings.device, product=settings.product, hardware=settings.hardware, version="")
        return HookSlots(settings.updates.hook, settings.home, facts)
    return DirectorySlots(settings.home / settings.updates.slots, settings.updates.unpacked_bytes)


def sources_of(settings: Config) -> dict[str, tuple[float, Source]]:
    """Return the sources of readings that the configuration names."""
    return {
        stream: (float(one.every_seconds), command_source(stream, one.command, settings.home))
        for stream, one in settings.readings.items()
        if one.command
    }
