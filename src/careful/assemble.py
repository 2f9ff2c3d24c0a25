"""The only place where real parts meet: which database, which keys, which doors, which chores.

Run as `python -m careful.assemble web|gateway|worker` it is one process of `careful up`, as `… prepare` it makes
folder, keys and tables before these start; as `careful` it is the command line. Each process imports only its own
doors, which is why imports stand inside functions here.
"""
# ruff: noqa: PLC0415 (each process pays, in memory and start-up time, only for the doors it opens)

import asyncio
import logging
import resource
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from careful.kernel.errors import CarefulError
from careful.kernel.lifeline import end_with_parent
from careful.kernel.settings import Settings, read_settings

if TYPE_CHECKING:
    from careful.kernel.reconcile import Chore
    from careful.kernel.work import World

PROCESSES = ("web", "gateway", "worker")
ABOVE = {"demo": "careful.demo.command"}
"""Commands that stand above the command line's own package."""


def open_world(settings: Settings) -> "World":
    """Open an installation, making folder, keys and tables where it is new."""
    from careful.kernel import migrate
    from careful.kernel.clock import SystemClock
    from careful.kernel.database import Database
    from careful.kernel.keys import Keys
    from careful.kernel.work import World

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database, settings.data)
    migrate.upgrade(database)
    return World(database, SystemClock(), settings, Keys(settings.data / "keys"), settings.data)


class Parts:
    """What the command line is given: settings and, when first asked for, the world."""

    def __init__(self) -> None:
        self._given: dict[str, Any] = {}
        self._world: World | None = None

    def use(self, **given: Any) -> None:  # noqa: ANN401 (settings of any type; pydantic checks them)
        """Set what was given on the command line, over environment and file."""
        self._given |= given

    def settings(self) -> Settings:
        """Return the settings."""
        return read_settings(**self._given)

    def world(self) -> "World":
        """Return the installation, opened on first use."""
        if self._world is None:
            self._world = open_world(self.settings())
        return self._world

    def processes(self) -> dict[str, list[str]]:
        """Return the command line of each process that `careful up` keeps running."""
        names = {name: name for name in PROCESSES}
        names |= {f"gateway-{number}": "gateway" for number in range(2, self.settings().gateways + 1)}
        names |= {f"devices-{number}": "devices" for number in range(2, self.settings().device_processes + 1)}
        return {name: [sys.executable, "-m", "careful.assemble", part] for name, part in names.items()}

    def preparation(self) -> list[str]:
        """Return the command line of what `careful up` runs before these, once."""
        return [sys.executable, "-m", "careful.assemble", "prepare"]


def chores() -> "list[Chore]":
    """List everything the worker does in the background."""
    from careful import customer_data, devices, notices, owners, people, updates, vulnerabilities, workflows
    from careful.kernel import audit, outbox
    from careful.kernel.reconcile import Chore

    listed = [
        Chore("seal", audit.seal),
        Chore("renew", updates.Renewer().advance),
        Chore("deltas", updates.DeltaMaker().advance),
        Chore("publish_deltas", updates.publish_deltas),
        Chore("bucket", updates.BucketFiller().advance),
        Chore("tell_refusals", devices.tell_refusals),
        Chore("tell_intake", customer_data.tell_intake),
        Chore("forget_remembered", customer_data.forget_remembered, 3600.0),
        Chore("sweep", people.sweep),
        Chore("sweep_tokens", people.sweep_tokens, 60.0),
        Chore("tell_glass", workflows.break_glass_watch.tell, 5.0),
        Chore("tell_attempts", workflows.sign_in_watch.tell, 60.0),
        Chore("sweep_owners", owners.sweep),
        Chore("lapse", people.lapse, 60.0),
        Chore("box_auditors", people.box_auditors, 60.0),
        Chore("epochs", customer_data.turn_epochs),
        Chore("retired", customer_data.Retirement().advance, 60.0),
        Chore("sweep_ended", customer_data.Sweeper().advance),
        Chore("tell_reads", customer_data.tell_reads),
        Chore("seal_planted", customer_data.seal_planted, 3600.0),
        Chore("tell_overdue", customer_data.tell_overdue, 60.0),
        Chore("remove_exports", customer_data.remove_exports, 60.0),
        Chore("use", customer_data.measure_use, 3600.0),
        Chore("bring_home", customer_data.bring_home, 3600.0),
        Chore("retention", customer_data.Retention().advance),
        Chore("days", customer_data.make_days, 3600.0),
        Chore("feeds", vulnerabilities.sync_again),
    ]
    listed += [
        Chore(f"{flow.name}.{step.name}", step.advance, step.idle_seconds)
        for flow in workflows.ALL
        for step in flow.steps
        if step.advance
    ]
    handlers = {**notices.handlers(), **customer_data.request_handlers(), **owners.link_handlers()}
    listed.append(Chore("deliver", lambda world: outbox.deliver(world, handlers)))
    return listed


def moving(world: "World") -> "list[Chore]":
    """List what brings readings from the inbox to PostgreSQL, where that is the database: beside the other chores."""
    from careful import customer_data
    from careful.kernel.file_feed import FileFeed
    from careful.kernel.reconcile import Chore

    if world.database.is_sqlite:
        return []
    feed: customer_data.Feed = FileFeed(world.home, world.clock)
    if world.settings.inbox:
        from careful.kernel.stream_feed import StreamFeed

        feed = StreamFeed(world.settings)
    return [Chore("move", customer_data.Mover(feed).advance)]


def run_web(world: "World") -> None:
    """Serve console, API, public site and the devices' HTTPS in one event loop."""
    from careful.entrypoints.api.app import create_api
    from careful.entrypoints.console.app import create_app as console
    from careful.entrypoints.gateway.https.app import server_config as devices
    from careful.entrypoints.gateway.https.plain import plain_config
    from careful.entrypoints.public.app import create_app as public
    from careful.entrypoints.web import page_config, serve_all

    settings = world.settings
    serve_all(
        [
            page_config(world, console(world, api=create_api(world)), settings.console_port),
            page_config(world, public(world), settings.public_port),
            devices(world),
            *([plain_config(world)] if settings.device_http_port else []),
        ],
        world,
    )


def run_devices(world: "World") -> None:
    """Serve the devices' HTTPS beside the web process, on the same port."""
    from careful.entrypoints.gateway.https.app import server_config
    from careful.entrypoints.web import serve_all

    serve_all([server_config(world)], world)


def run_gateway(world: "World") -> None:
    """Serve MQTT."""
    from careful.entrypoints.gateway.mqtt.server import run

    run(world)


def run_worker(world: "World") -> None:
    """Do the background chores."""
    from careful.entrypoints.worker import run

    run(world, chores(), beside=moving(world))


RUNNERS: "dict[str, Callable[[World], None]]" = {
    "web": run_web,
    "devices": run_devices,
    "gateway": run_gateway,
    "worker": run_worker,
}


def _log_to_stderr() -> None:
    """Keep logs off stdout, where `--json` answers."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _open_many_files() -> None:
    """Raise the soft limit on open files to the hard one: each device connection is a file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_process(name: str) -> None:
    """Run one process of `careful up`."""
    end_with_parent()
    _open_many_files()
    world = open_world(read_settings())
    try:
        RUNNERS[name](world)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return
    finally:
        world.database.close()


def prepare() -> None:
    """Make folder, keys and tables; print the first person's one-time link where nobody can sign in yet."""
    from careful import people

    world = open_world(read_settings())
    if not people.anyone(world):
        print(people.first_link(world))  # noqa: T201 (the answer to the process that asked)
    world.database.close()


def run_part(name: str) -> int:
    """Run what `careful up` starts; say a refusal as the command line says it. Returns the exit code."""
    _log_to_stderr()
    try:
        prepare() if name == "prepare" else run_process(name)
    except CarefulError as refusal:
        print(f"careful: {refusal}", file=sys.stderr)  # noqa: T201 (nobody else tells it)
        return 1
    return 0


def main() -> None:
    """Run the command line."""
    from careful.entrypoints.cli import run

    _log_to_stderr()
    end_with_parent()
    sys.exit(run(Parts(), ABOVE))


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in {*RUNNERS, "prepare"}:
        sys.exit(run_part(sys.argv[1]))
    main()
