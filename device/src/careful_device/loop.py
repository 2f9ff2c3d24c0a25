"""What to do next. Pure: `decide` and `observe` know neither network, disk nor clock; the agent is their hand.

    state, act = decide(state, now)          what to do now, or until when to wait
    state      = observe(state, act, seen, now)   what that led to

Laws (device/tests/test_loop.py states them as properties):

1. Nothing is activated that was not checked, fetched and installed for this very order.
2. Only software that proved healthy is confirmed; what did not is rolled back.
3. Every order ends in one closing report, however often the device restarts on the way.
4. Failures are retried with growing pauses, never in a busy loop; each device has its own `spread`, so that a fleet
   that lost its server does not come back in one moment.
5. An order that no longer stands is dropped, but never once the new software was activated: then it is proved or
   rolled back first.
"""

from dataclasses import dataclass, field, replace

from careful_device import acts, seen
from careful_device.acts import Act
from careful_device.job import begin, job_seen
from careful_device.model import UNTOUCHED, Job, Step
from careful_device.pauses import pause

_RENEW_SHARE = 2 / 3
_RENEW_GAP = 60.0
_SHORTEST_POLL = 1.0
_LONGEST_POLL = 86_400.0
_NUDGE_GAP = 5.0
_ANSWER_SECONDS = 30.0  # how long the gateway may take to accept a connection before it is tried anew


@dataclass(frozen=True, kw_only=True)
class Timer:
    """When something may next be tried, and how often it failed in a row."""

    due: float = 0.0
    failures: int = 0

    def failed(self, now: float, spread: float, longest: float = 300.0) -> "Timer":
        """Return the timer after one more failure."""
        return Timer(due=now + pause(self.failures, spread, longest), failures=self.failures + 1)


@dataclass(frozen=True, kw_only=True)
class State:
    """All that the loop remembers. Only `job` outlives a restart (the agent writes it down before it acts)."""

    spread: float = 0.0
    certified: bool = False
    certificate: Timer = field(default_factory=Timer)
    mqtt: bool = True
    connected: bool = False
    connect: Timer = field(default_factory=Timer)
    updates: bool = True
    poll: Timer = field(default_factory=Timer)
    describe: Timer | None = field(default_factory=Timer)
    cancel: tuple[str, bool] | None = None
    ask: tuple[str, str] | None = None
    job: Job | None = None
    every: tuple[tuple[str, float], ...] = ()
    readings: tuple[float, ...] = ()
    last_poll: float = 0.0


def start(
    *, spread: float, certificate: tuple[float, float] | None, job: Job | None, every: dict[str, float], now: float,
    mqtt: bool = True, updates: bool = True,
) -> State:  # fmt: skip
    """Return the state of an agent that just started. `certificate` is (start, end), `every` seconds by stream."""
    state = State(
        spread=spread,
        job=job,
        every=tuple(every.items()),
        readings=tuple(now + spread * seconds for seconds in every.values()),
        mqtt=mqtt,
        updates=updates,
    )
    return state if certificate is None else _certified(state, *certificate)


def decide(state: State, now: float) -> tuple[State, Act]:
    """Return the next act, and the state in which it is under way."""
    if not state.certified:
        return state, acts.Enrol() if state.certificate.due <= now else acts.Wait(state.certificate.due)
    if state.certificate.due <= now:
        return state, acts.Renew()
    if state.mqtt and not state.connected and state.connect.due <= now:
        return replace(state, connect=replace(state.connect, due=now + _ANSWER_SECONDS)), acts.Connect()
    for number, (stream, seconds) in enumerate(state.every):
        if state.readings[number] <= now:
            later = tuple(now + seconds if at == number else due for at, due in enumerate(state.readings))
            return replace(state, readings=later), acts.Read(stream)
    return _decide_update(state, now) if state.updates else (state, acts.Wait(_next_due(state)))


def _decide_update(state: State, now: float) -> tuple[State, Act]:
    if state.cancel is not None and state.poll.due <= now:
        return state, acts.AnswerCancel(*state.cancel)
    if state.ask is not None:
        return replace(state, ask=None), acts.Ask(*state.ask)
    if state.job is not None and state.job.due <= now:
        job, act = begin(state.job)
        return replace(state, job=job), act
    if state.describe is not None and state.describe.due <= now:
        return state, acts.Describe()
    if state.poll.due <= now:
        return replace(state, last_poll=now), acts.Poll()
    return state, acts.Wait(_next_due(state))


def _next_due(state: State) -> float:
    due = [state.certificate.due, *state.readings]
    if state.mqtt and not state.connected:
        due.append(state.connect.due)
    if state.updates:
        due.append(state.poll.due)
        due += [] if state.job is None else [state.job.due]
        due += [] if state.describe is None else [state.describe.due]
    return min(due)


def observe(state: State, act: Act | None, what: seen.Seen, now: float) -> State:
    """Return the state after `act` led to `what` (`act` is None for what was seen unasked)."""
    if isinstance(what, seen.Disconnected):
        return replace(state, connected=False, connect=state.connect.failed(now, state.spread, longest=120.0))
    if isinstance(what, seen.Connected):
        return replace(state, connected=True, connect=Timer())
    if isinstance(what, seen.Nudged):
        soon = max(now, state.last_poll + _NUDGE_GAP)
        return replace(state, poll=replace(state.poll, due=min(state.poll.due, soon)))
    if isinstance(act, (acts.Tell, acts.Do, acts.Look)):
        return _job_observed(state, act, what, now)
    return _observe_plain(state, act, what, now)


def _observe_plain(state: State, act: Act | None, what: seen.Seen, now: float) -> State:
    if isinstance(what, seen.Failed):
        return _failed(state, act, now)
    if isinstance(what, seen.Certified):
        state = _certified(state, what.start, what.end)
        soonest = now + _RENEW_GAP  # were the server's clock wrong, the next one would be due at once again
        return replace(state, certificate=Timer(due=max(state.certificate.due, soonest)))
    if isinstance(what, seen.Polled):
        return _polled(state, what, now)
    if isinstance(act, acts.Describe):
        return replace(state, describe=None)
    if isinstance(act, acts.AnswerCancel) or (isinstance(act, acts.Ask) and what == seen.Told()):
        return replace(state, cancel=None, poll=Timer(due=now))  # the owner agrees: the order is there now
    return state


def _failed(state: State, act: Act | None, now: float) -> State:
    if isinstance(act, (acts.Enrol, acts.Renew)):
        return replace(state, certificate=state.certificate.failed(now, state.spread))
    if isinstance(act, acts.Connect):
        return replace(state, connect=state.connect.failed(now, state.spread, longest=120.0))
    if isinstance(act, (acts.Poll, acts.AnswerCancel)):
        return replace(state, poll=state.poll.failed(now, state.spread))
    if isinstance(act, acts.Describe):
        return replace(state, describe=(state.describe or Timer()).failed(now, state.spread))
    return state


def _certified(state: State, start: float, end: float) -> State:
    """Renew at two thirds of the certificate's life, a little earlier or later for each device."""
    share = _RENEW_SHARE + 0.05 * (state.spread - 0.5)
    return replace(state, certified=True, certificate=Timer(due=start + (end - start) * share))


def _polled(state: State, what: seen.Polled, now: float) -> State:
    sleep = min(max(what.sleep, _SHORTEST_POLL), _LONGEST_POLL)
    state = replace(state, poll=Timer(due=now + sleep * (0.9 + 0.2 * state.spread)))
    if what.describe and state.describe is None:
        state = replace(state, describe=Timer(due=now))
    job = state.job
    if what.cancel is not None:
        action = what.cancel[0]
        mine = job is not None and job.action == action
        dropped = not mine or (job is not None and job.step in UNTOUCHED)
        kept = None if mine and dropped else job
        return replace(state, job=kept, cancel=(action, dropped), poll=replace(state.poll, due=now))
    state = replace(state, ask=what.confirm)  # once for each poll, until the owner has answered
    stands = job is not None and what.order is not None and what.order[0] == job.action
    if job is not None and not stands and job.step in UNTOUCHED:
        job = None
    if job is None and what.order is not None:
        job = Job(action=what.order[0], href=what.order[1])
    return replace(state, job=job)


def _job_observed(state: State, act: acts.Tell | acts.Do | acts.Look, what: seen.Seen, now: float) -> State:
    if state.job is None or state.job.action != act.job.action:
        return state
    job = job_seen(state.job, act, what, now, state.spread)
    state = replace(state, job=job)
    if job is None:  # one order ended: describe what runs now, and ask at once for the next one
        return replace(state, describe=Timer(due=now), poll=replace(state.poll, due=min(state.poll.due, now)))
    return state if job.step is not Step.CLOSE else replace(state, describe=state.describe or Timer(due=now))
