"""From a second's counts to alerts: the gateway's watch, run in a thread of its own beside the event loop.

Once a second it is handed what each device did (`Tally`), makes windows of that, runs the detections, raises alerts and
cuts off. It also finds who fell silent, learns what is usual among devices of one kind, and keeps what the detections
remember in the database every few minutes and at the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from careful import devices, monitoring, products, releases
from careful.entrypoints.gateway import reported
from careful.kernel import ledger
from careful.kernel.errors import CarefulError, Unavailable
from careful.kernel.work import World
from careful.monitoring import Expected, History, Seen, Watcher, Window

SILENCE_EVERY = 5.0
TAKE_UP_EVERY = 60.0
COHORTS_EVERY = 300.0
KEEP_EVERY = 300.0
TELL_EVERY = 3600.0
_DEVICES_MOST = 200_000
_WAITING_MOST = 10_000
_KINDS_MOST = 1_000
_AWAY_SECONDS = 30.0
_TOLD_BY_LEDGER = ("devices.restored", "products.declared", "products.approved", "releases.added", "devices.enrolled")
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tally:
    """What one device did in the second under way. The event loop adds to it, the watch reads it when it is over."""

    product: str = ""
    topics: dict[str, list[int]] = field(default_factory=dict)
    """Topic -> messages, bytes."""
    refusals: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    undeclared: dict[str, int] = field(default_factory=dict)
    connects: int = 0
    disconnects: int = 0
    overlaps: int = 0
    networks: set[str] = field(default_factory=set)
    refused_logins: int = 0
    forks: int = 0
    unchained: int = 0
    repeated: int = 0
    held: int = 0
    last: dict[str, bytes] = field(default_factory=dict)
    """Topic -> the newest message in which nothing is personal. It is looked at within a second, and not kept."""
    versions: list[str] = field(default_factory=list)
    said: list[tuple[str, bytes]] = field(default_factory=list)
    """Topic and payload of the few messages that say something about the device itself."""


@dataclass(slots=True)
class _Known:
    product: str
    release: str | None
    heard: float


class Watch:
    """One for each gateway process; every method runs in one thread, one after the other."""

    def __init__(self, world: World, source: str = "mqtt") -> None:
        self._world, self._source = world, source
        self._leads = source == "mqtt"  # it alone misses who is silent, and keeps what is remembered
        self._watcher, self._history = Watcher(), History()
        self._expected: dict[str, Expected | None] = {}
        self._cohorts: Mapping[Any, Any] = {}
        self._kinds: dict[tuple[str, str | None], Expected] = {}
        self._known: dict[str, _Known] = {}
        self._changed: set[str] = set()
        self._counts = {"windows": 0, "detections": 0}
        self._reports: dict[str, Mapping[str, int]] = {}
        """Device -> the counters of its agent's last report."""
        self._heard: set[str] = set()
        self._https = 0
        self._waiting: list[Seen] = []
        self._drilled: set[str] = set()  # also those whose drill is over: their last second may come after it
        self._incidents = monitoring.Incidents()
        self._due = dict.fromkeys(("silence", "cohorts", "keep", "tell", "take up"), 0.0)
        self._ledger = -1
        self._refused: dict[tuple[str, str], int] = {}
        self._overlaps: dict[str, int] = {}
        self._refused_since: datetime = world.clock.now()

    def begin(self) -> None:
        """Take up devices whose products declare a heartbeat, so that who never comes back is missed; and say so."""
        now = self._now()
        with self._world.look() as connection:
            self._ledger = ledger.size(connection) - 1
        for product in products.list_all(self._world) if self._leads else ():
            expected = self._expect(product.id)
            if expected is None or expected.heartbeat_seconds is None:
                continue
            for device in devices.all_of(self._world, product.id):
                if device.state == "active" and device.last_seen is not None and len(self._known) < _DEVICES_MOST:
                    self._known[device.id] = _Known(product.id, device.version, now)
        self._due.update(silence=now + SILENCE_EVERY, cohorts=now + COHORTS_EVERY, keep=now + KEEP_EVERY)
        self._due["take up"] = now + TAKE_UP_EVERY
        self._tell(now)

    def turn(self, tallies: Mapping[str, Tally], start: float, seconds: float) -> int:
        """Judge one second of everybody; return how many detections were raised."""
        self._follow_ledger()
        tallies = self._with_https(tallies)
        self._learn_of([name for name in tallies if name and name not in self._known], start)
        drilled = self._drilled
        found: list[Seen] = []
        for name, tally in tallies.items():
            window = self._window(name, tally, start, seconds)
            self._history.see(window)
            found += self._judge(window, name in drilled)
        self._counts["windows"] += len(tallies)
        now = start + seconds
        if self._leads and seconds > _AWAY_SECONDS:
            self._were_away(now)
        elif self._leads and now >= self._due["silence"]:
            self._due["silence"] = now + SILENCE_EVERY
            self._take_up(now)
            found += self._silent(now, drilled)
        raised = self._raise(found)
        self._rare(now)
        return raised

    def end(self) -> None:
        """Keep what is remembered."""
        self._keep()

    def _raise(self, found: list[Seen]) -> int:
        self._counts["detections"] += len(found)
        waiting = (self._waiting + found)[:_WAITING_MOST]
        if not waiting:
            return 0
        # A detection is told once: where the database does not answer, it waits for the next turn.
        self._waiting = waiting
        try:
            raised = monitoring.raise_alerts(self._world, waiting)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 (whatever one of them has in it, the others must be raised)
            raised = sum(self._raise_alone(one) for one in waiting)
        self._waiting = []
        if raised:
            monitoring.cut_due(self._world)
        return raised

    def _raise_alone(self, one: Seen) -> int:
        try:
            return monitoring.raise_alerts(self._world, [one])
        except Unavailable:
            raise
        except Exception as failure:  # noqa: BLE001 (it is logged, and would fail the next time too)
            _log.error("a detection could not be raised", rule=one.detection.rule, why=repr(failure))
            return 0

    def _rare(self, now: float) -> None:
        if now >= self._due["cohorts"]:
            self._due["cohorts"] = now + COHORTS_EVERY
            usual = ((self._known.get(name), levels) for name, levels in self._watcher.usual())
            self._cohorts = monitoring.cohorts(
                ((known.product, known.release), levels) for known, levels in usual if known is not None
            )
            self._kinds.clear()
        if now >= self._due["keep"]:
            self._due["keep"] = now + KEEP_EVERY
            self._keep()
        if now >= self._due["tell"]:
            self._tell(now)

    def _tell(self, now: float) -> None:
        self._due["tell"] = now + TELL_EVERY
        monitoring.note_watched(self._world, self._source, len(self._heard), **self._counts)
        if self._leads:  # it reads what the HTTPS doors refuse, too
            monitoring.note_watched(self._world, "https", 0, self._https, 0)
        self._counts, self._heard, self._https = {"windows": 0, "detections": 0}, set(), 0

    def _keep(self) -> None:
        changed, self._changed = self._changed, set()
        if not self._leads:
            return
        kept = {name: self._watcher.remembered(name) for name in changed}
        monitoring.keep(self._world, {name: one for name, one in kept.items() if one is not None})

    def _judge(self, window: Window, drill: bool) -> list[Seen]:
        if window.device:
            self._changed.add(window.device)
        product, release = window.product, window.release
        expected = self._expect_of_kind(product, release)
        return [
            Seen(one, product, release, self._history.past(one.device, one.rule), drill)
            for one in self._watcher.see(window, expected)
        ]

    def _window(self, name: str, tally: Tally, start: float, seconds: float) -> Window:
        known = self._known.get(name)
        told = reported.read(name, tally.said, start)
        downgrades = told.downgrades
        if known is not None:
            known.heard = start + seconds
            self._heard.add(name)
            for version in tally.versions:
                downgrades += reported.is_older(version, known.release)
                known.release = version
        counters: dict[str, float] = dict(told.counters) | reported.readings(tally.last)
        counted = {"overlaps": tally.overlaps, "downgrades": downgrades, "unchained": tally.unchained}
        counted |= {"repeated": tally.repeated, "mqtt_sessions": tally.held}
        counters |= {key: float(count) for key, count in counted.items() if count}
        if told.report is not None:
            counters |= self._grown(name, told.report)
        return Window(
            device=name,
            product=known.product if known else tally.product,
            release=known.release if known else None,
            start=start,
            seconds=seconds,
            messages={topic: count for topic, (count, _) in tally.topics.items()},
            bytes={topic: size for topic, (_, size) in tally.topics.items()},
            refusals=tally.refusals,
            left_out=tally.left_out,
            connects=tally.connects,
            disconnects=tally.disconnects,
            networks=frozenset(tally.networks),
            flows=told.flows,
            listening=told.listening,
            counters=counters,
            undeclared=tally.undeclared,
            clock_offset=told.clock_offset,
            refused_logins=tally.refused_logins,
            forks=tally.forks,
        )

    def _grown(self, name: str, report: monitoring.Report) -> Mapping[str, float]:
        """Say what came on top since a device's last report. Its counters only grow: smaller ones began anew."""
        more, reset = monitoring.counted_since(self._reports.pop(name, None), report.counters)
        self._reports[name] = report.counters  # who reported last stands last
        if len(self._reports) > _DEVICES_MOST:
            del self._reports[next(iter(self._reports))]
        if reset:
            _log.info("a device's counters began anew", device=name, report=report.number)
        return {key: float(count) for key, count in more.items()} | ({"resets": 1.0} if reset else {})

    def _were_away(self, now: float) -> None:
        """Begin to wait anew for everybody: the machine slept or its clock was set, and the silence was ours."""
        for name, known in self._known.items():
            known.heard = now
            self._judge(Window(name, known.product, known.release, now, 0.0, connects=1), False)

    def _take_up(self, now: float) -> None:
        """Take up devices that were only heard elsewhere: over HTTPS, or by another gateway."""
        if now < self._due["take up"]:
            return
        self._due["take up"] = now + TAKE_UP_EVERY
        since = self._world.clock.now() - timedelta(seconds=2 * TAKE_UP_EVERY)
        named = [one.id for one in products.list_all(self._world) if self._beat(one.id) is not None]
        for device in devices.seen_after(self._world, named, since):
            if device.id not in self._known and len(self._known) < _DEVICES_MOST and device.last_seen is not None:
                heard = device.last_seen.timestamp()
                self._known[device.id] = _Known(device.product, device.version, heard)
                self._judge(Window(device.id, device.product, device.version, heard, 0.0, connects=1), False)

    def _beat(self, product: str) -> float | None:
        expected = self._expect(product)
        return None if expected is None else expected.heartbeat_seconds

    def _silent(self, now: float, drilled: set[str]) -> list[Seen]:
        """Judge who was not heard for long, unless it was heard elsewhere."""
        late: dict[str, _Known] = {}
        tracked: dict[str, int] = defaultdict(int)
        for name, known in self._known.items():
            beat = self._beat(known.product)
            if beat is None:
                continue
            tracked[known.product] += 1
            if now - known.heard > beat:
                late[name] = known
        if not late:
            return []
        windows: list[Window] = []
        silent: list[monitoring.Late] = []
        for device in devices.named(self._world, sorted(late)):
            known = late[device.id]
            if device.last_seen is not None and device.last_seen.timestamp() > known.heard + 1:
                known.heard = device.last_seen.timestamp()
                self._judge(Window(device.id, known.product, known.release, known.heard, 0.0, connects=1), False)
            elif device.state != "active":
                del self._known[device.id]
            else:
                windows.append(Window(device.id, known.product, known.release, now, 0.0))
                if device.id not in drilled:
                    beat = self._beat(known.product) or 0.0
                    silent.append(monitoring.Late(device.id, known.product, known.heard, beat))
        self._incidents.follow(silent, tracked, now)
        found = [seen for window in windows for seen in self._judge(window, window.device in drilled)]
        folded = self._incidents.fold([one.detection for one in found])
        return [replace(one, detection=other) for one, other in zip(found, folded, strict=True)]

    def _learn_of(self, names: list[str], start: float) -> None:
        if not names:
            return
        for device in devices.named(self._world, names):
            self._known[device.id] = _Known(device.product, device.version, start)
        new = [one for one in names if not self._watcher.knows(one)] if self._leads else []
        for name, kept in monitoring.kept(self._world, new).items():
            self._watcher.recall(name, kept)
        while len(self._known) > _DEVICES_MOST:
            del self._known[next(iter(self._known))]

    def _follow_ledger(self) -> None:
        """Take in what changes the watch: a drill, a device let in or enrolled anew, another declaration."""
        with self._world.look() as connection:
            self._drilled |= monitoring.drills(connection).keys()
            size = ledger.size(connection)
            if size - 1 <= self._ledger:
                return
            told = ledger.read(connection, names=_TOLD_BY_LEDGER, after=self._ledger)
            self._ledger = size - 1
        for entry in told:
            if entry.name.startswith(("products.", "releases.")):
                self._expected.pop(str(entry.data["product"]), None)
                self._kinds.clear()
            elif entry.name == "devices.restored":
                self._watcher.rearm(str(entry.data["device"]))
            else:
                self._known.pop(str(entry.data["device"]), None)
                monitoring.forget_chain(self._world, str(entry.data["device"]))

    def _with_https(self, tallies: Mapping[str, Tally]) -> Mapping[str, Tally]:
        """Add what the HTTPS doors refused and other gateways saw since: they count in the database."""
        if not self._leads:
            return tallies
        for name, tally in tallies.items():
            if tally.overlaps:  # the database will say so, too
                self._overlaps[name] = self._overlaps.get(name, 0) + tally.overlaps
        since, self._refused_since = self._refused_since, self._world.clock.now() - timedelta(seconds=2)
        together = dict(tallies)
        for one in devices.refused_since(self._world, since - timedelta(seconds=2)):
            before = self._refused.pop((one.device, one.kind), None)
            self._refused[one.device, one.kind] = one.count
            more = one.count - before if before is not None else (one.count if one.first_at > since else 0)
            if more <= 0:
                continue
            self._https += one.kind != devices.TAKEN_OVER
            tally = together.setdefault(one.device, Tally())
            if one.kind == devices.TAKEN_OVER:
                mine = self._overlaps.pop(one.device, 0)
                tally.overlaps += max(0, more - mine)
                if mine > more:
                    self._overlaps[one.device] = mine - more
            elif one.kind.startswith("enrol."):
                tally.refused_logins += more
            else:
                tally.refusals["foreign-topic"] = tally.refusals.get("foreign-topic", 0) + more
        _trim(self._refused)
        _trim(self._overlaps)
        return together

    def _expect(self, product: str) -> Expected | None:
        if product not in self._expected:
            try:
                declared = products.get(self._world, product).declaration
                self._expected[product] = monitoring.expected_of(declared, self._own_doors())
            except CarefulError:
                self._expected[product] = None
        return self._expected[product]

    def _expect_of_kind(self, product: str, release: str | None) -> Expected:
        found = self._kinds.get((product, release))
        if found is None:
            found = self._expect(product) or Expected(product)
            ours = release if release and releases.is_known(self._world, product, release) else ""
            found = replace(found, release=ours, cohort=self._cohorts.get((product, release), {}))
            if len(self._kinds) >= _KINDS_MOST:  # devices say what they run, and may say anything
                self._kinds.clear()
            self._kinds[product, release] = found
        return found

    def _own_doors(self) -> Iterable[tuple[str, int, str]]:
        settings = self._world.settings
        ports = (settings.mqtt_port, settings.device_port, settings.device_http_port)
        return [(name, port, "tcp") for name in settings.tls_names for port in ports if port]

    def _now(self) -> float:
        return self._world.clock.now().timestamp()


def _trim(kept: dict[Any, int]) -> None:
    """Forget what was put in first, beyond what is kept."""
    while len(kept) > _DEVICES_MOST:
        del kept[next(iter(kept))]
