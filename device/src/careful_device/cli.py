"""`careful-device`: enrol, run, ask once, show where things stand."""

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from careful_device import __version__, acts, files, loop
from careful_device.agent import Agent, slots_of
from careful_device.backlog import Backlog
from careful_device.config import Config, load
from careful_device.errors import AgentError
from careful_device.hub import Hub
from careful_device.identity import Identity
from careful_device.model import Job
from careful_device.updater import facts_of

_DEFAULT = "/var/lib/careful-device"
_ONCE_SECONDS = 1800.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when all went well, 1 when not, 2 when it was called wrongly."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if given.verbose else logging.INFO, format="%(levelname)s %(message)s")
    os.umask(0o077)
    try:
        settings = load(Path(given.dir).resolve())
        with contextlib.nullcontext() if given.do is _status else files.held(settings.home):
            return int(given.do(settings, given))
    except AgentError as failure:
        sys.stderr.write(f"{failure}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="careful-device", description="The Careful agent for Linux devices.")
    parser.add_argument("--dir", default=os.environ.get("CAREFUL_DEVICE_DIR", _DEFAULT), help="the agent's directory")
    parser.add_argument("--verbose", action="store_true", help="say everything that is done")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="enrol|run|status|once")
    for name, do, words in (
        ("enrol", _enrol, "get the device's certificate with its one-time token, and stop"),
        ("run", _run, "keep running: readings, renewal, updates"),
        ("status", _status, "show identity, software, order and backlog"),
        ("once", _once, "poll once, carry out the order there is, and stop"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(do=do)
        if name == "status":
            command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _enrol(settings: Config, _given: argparse.Namespace) -> int:
    agent = Agent(settings)
    try:
        if not agent.state.certified:
            agent.step()
            known = agent.identity.certificate()
            if known is None:
                return 1
        known = agent.identity.certificate()
        sys.stdout.write(f"{settings.device} has its certificate, good until {_date(known.end if known else 0)}\n")
        return 0
    finally:
        agent.close()


def _run(settings: Config, _given: argparse.Namespace) -> int:
    hub = Hub()
    agent = Agent(settings, hub=hub)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: agent.stop())
    try:
        agent.run()
    finally:
        agent.close()
        hub.close()
    return 0


def _once(settings: Config, _given: argparse.Namespace) -> int:
    settings.root()  # without a pinned root there is nothing this command could do
    agent = Agent(settings, sources={})
    until, polled, last = time.monotonic() + _ONCE_SECONDS, False, None
    try:
        while time.monotonic() < until:
            _state, act = loop.decide(agent.state, time.time())
            polls = agent.state.last_poll
            delay = agent.step()
            last = agent.state.job or last
            polled = polled or (
                isinstance(act, acts.Poll) and agent.state.last_poll != polls and not agent.state.poll.failures
            )
            if delay and agent.state.job is None:
                break
            time.sleep(min(delay, 60.0))
    finally:
        agent.close()
    if last is not None:
        waiting = f"waiting: {last.waiting}" if last.waiting else ""
        sys.stdout.write(f"order {last.action}: {waiting or last.outcome or last.step.value}\n")
    return 0 if polled and agent.state.job is None and (last is None or last.succeeded) else 1


def _status(settings: Config, given: argparse.Namespace) -> int:
    known = Identity(settings.home, settings.device).certificate()
    slots = slots_of(settings)
    facts = facts_of(settings, slots)
    job = Job.from_json(files.read_json(settings.home / "job.json"))
    backlog = Backlog(settings.home / "backlog.db", settings.backlog.messages, settings.backlog.bytes)
    plain = {
        "device": settings.device,
        "product": settings.product,
        "hardware": settings.hardware,
        "certificate_until": _date(known.end) if known else None,
        "version": facts.version,
        "slot": slots.running()[1],
        "security_floor": facts.security_floor,
        "updates": "on" if settings.tuf_url and (settings.home / settings.root_file).exists() else "off",
        "order": _order(job) if job else None,
        "backlog": backlog.counts(),
    }
    backlog.close()
    if given.json:
        sys.stdout.write(json.dumps(plain, indent=2) + "\n")
    else:
        for name, value in plain.items():
            sys.stdout.write(f"{name.replace('_', ' '):18} {'-' if value in (None, '') else value}\n")
    return 0


def _order(job: Job) -> dict[str, str]:
    plain = {"action": job.action, "step": job.step.value, "outcome": job.outcome}
    return {**plain, "waiting": job.waiting} if job.waiting else plain


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
