"""`careful demo`: sets up, starts the real system, tells the story, leaves the console open."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from careful import devices, people, updates
from careful.demo import firmware, fleet, story
from careful.demo.api import Api, wait_for
from careful.demo.kept import Kept
from careful.demo.mailbox import Mailbox
from careful.entrypoints.cli.listening import check_ports, free_row, is_free, ports
from careful.entrypoints.cli.supervise import check_room
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import CarefulError, Refused, Unavailable
from careful.kernel.settings import Settings
from careful.kernel.work import World

_SHARES = {"cam-1": 0.48, "lock-1": 0.26}
_PORTS = ("console_port", "public_port", "device_port", "mqtt_port", "smtp_port")
_LEAST = 12


@click.command("demo")
@click.option("--once", is_flag=True, help="Run the story and exit: 0 when all of it held.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("careful-demo"),
    show_default=True,
    help="Where the demo keeps everything; run again to go on, remove it to start afresh.",
)
@click.option("--ports", "base", type=click.IntRange(1024, 65000), help="Use five ports from this one on.")
@click.option(
    "--devices",
    "number",
    type=click.IntRange(_LEAST, 200),
    default=50,
    show_default=True,
    help="How many devices; the main job needs a dozen at least.",
)
@click.pass_context
def command(ctx: click.Context, once: bool, folder: Path, base: int | None, number: int) -> None:
    """Run the main job on a make-believe maker: three products, 50 devices, one known flaw.

    Everything is real: the servers, the certificates, the packages in the firmware, the flaws in them.
    """
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_room(folder)
    parts: Any = ctx.obj
    parts.use(**_given(folder, base))
    demo = Demo(folder, parts.settings(), _counts(number), parts.world)
    ctx.exit(demo.run(once=once))


class Demo:
    """One demo in one folder."""

    def __init__(self, folder: Path, settings: Settings, counts: dict[str, int], opened: Callable[[], World]) -> None:
        self._open = opened
        self.folder = folder
        self.settings = settings
        self.counts = counts
        self._console = Console(highlight=False)
        self._began = time.monotonic()

    def run(self, *, once: bool) -> int:
        """Set up, start everything, tell the story; return the exit code."""
        self._say_head("Setting up")
        self._check_ports()
        builds = self._build()
        with contextlib.ExitStack() as running:
            running.enter_context(self._processes())
            world = self._open()
            if not once:
                self._invite(world)
            self._began = time.monotonic()
            stage = self._stage(world, builds)
            code = self._tell(stage)
            if not once and code == 0:
                self._stay_open()
        return code

    def _check_ports(self) -> None:
        """Look before the long work begins. Raises Refused."""
        settings = self.settings
        if _is_up(settings) and not is_free(settings.smtp_host, settings.smtp_port):
            raise Refused(
                f"A demo is running in {self.folder} already.",
                do="Stop it (Ctrl+C where it runs), or run another: careful demo --dir DIR --ports 20000",
            )
        mail = {"smtp_port": settings.smtp_port}
        wanted = mail if _is_up(settings) else {**ports(settings), **mail}
        row = free_row(settings.host, 19999, len(_PORTS))
        check_ports(settings.host, wanted, lambda _: f"careful demo --ports {row} (make demo ARGS='--ports {row}')")

    def _tell(self, stage: story.Stage) -> int:
        for number, (title, act) in enumerate(story.STEPS, 1):
            self._say_head(f"{number}. {title}")
            try:
                with self._console.status("…") if self._console.is_terminal else contextlib.nullcontext():
                    act(stage)
            except CarefulError as refusal:
                self._console.print(f"[bold red]Step {number} ({title}) did not hold:[/] {refusal}", markup=True)
                self._console.print(f"   The logs are in {self.folder}: up.log, fleet.log")
                return 1
        took = time.monotonic() - self._began
        self._console.print(f"\n[bold green]All ten steps held[/], {took:.0f} s after the set-up.")
        return 0

    def _invite(self, world: World) -> None:
        """Say where to watch, before the story begins."""
        self._console.print(f"\nWatch it live: {self.settings.console_url}")
        if not people.anyone(world):
            self._console.print("Sign in with this link; it works once, for 60 minutes:")
            self._console.print(f"  {people.first_link(world)}", soft_wrap=True)

    def _stay_open(self) -> None:
        settings = self.settings
        self._console.print(f"\nConsole      {settings.console_url}")
        self._console.print(f"Public site  {settings.public_url}")
        self._console.print(f"Mail         {self.folder / 'mail'}", soft_wrap=True)
        self._console.print("\nThe devices go on living. Stop with Ctrl+C; run it again to go on.")
        stop: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.append(1))
        while not stop:
            time.sleep(0.3)

    def _build(self) -> dict[tuple[str, str], firmware.Firmware]:
        cache = Path(os.environ.get("CAREFUL_DEMO_CACHE", self.folder / "packages"))
        builds = {}
        for product, version in firmware.RELEASES:
            began = time.monotonic()
            builds[product, version] = firmware.build(product, version, self.folder / "firmware", cache)
            size = builds[product, version].image.stat().st_size / 1e6
            self._say(f"{product} {version}: {size:.1f} MB root file system ({time.monotonic() - began:.1f} s)")
        return builds

    @contextlib.contextmanager
    def _processes(self) -> Iterator[None]:
        """Run mail server, `careful up` and the fleet; end them all at the end."""
        environment = {**os.environ, **_environment(self.settings)}
        up = [sys.executable, "-m", "careful.assemble", "up"]
        living = [sys.executable, "-m", "careful.demo.fleet", "--dir", str(self.folder / "fleet"), "--every", "3"]
        with contextlib.ExitStack() as running:
            running.enter_context(Mailbox(self.folder / "mail", self.settings.smtp_port))
            server = Kept(up, self.folder / "up.log", environment, elsewhere=lambda: _is_up(self.settings))
            running.enter_context(server)
            if not server.running:
                self._say("Careful is running already on this folder: going on with it")
                server.keep()  # it may be ending: a killed demo's is
            wait_for("Careful up (see up.log)", lambda: self._answers(server), 60)
            (self.folder / "fleet").mkdir(exist_ok=True)
            agents = running.enter_context(Kept(living, self.folder / "fleet.log", environment))
            for one in (server, agents):
                one.keep()
            yield

    def _answers(self, server: Kept) -> bool:
        if server.ended:
            raise Unavailable(
                "careful up ended before it answered.", do=f"Read {self.folder / 'up.log'}, then run the demo again."
            )
        return _is_up(self.settings)

    def _stage(self, world: World, builds: dict[tuple[str, str], firmware.Firmware]) -> story.Stage:
        def make(stage: story.Stage) -> None:
            self._make_devices(world, stage)

        return story.Stage(
            api=Api(self.settings.console_url, self._token(world)),
            public=self.settings.public_url,
            examples=firmware.examples().parent,
            fleet=self.folder / "fleet",
            mail=self.folder / "mail",
            builds=builds,
            counts=self.counts,
            make_devices=make,
            run=self._careful,
            say=self._say,
        )

    def _make_devices(self, world: World, stage: story.Stage) -> None:
        """Make the devices as a factory does: a token, the maker's authority and the update root go into each."""
        servers = fleet.Servers(
            url=self.settings.device_url,
            mqtt_host=self.settings.tls_names[0],
            mqtt_port=self.settings.mqtt_port,
            authority=devices.authority_bundle_path(world).read_bytes(),
        )
        for product in story.PRODUCTS:
            wanted = [one for one in stage.devices(product) if not (stage.fleet / one / "config.toml").exists()]
            if not wanted:
                continue
            asked = {"product": product, "hardware": firmware.HARDWARE, "devices": wanted}
            tokens = {one["device"]: one["token"] for one in stage.api.post("/devices/tokens", asked)}
            root = updates.trusted_root(world, product)
            fleet.make(
                stage.fleet,
                servers,
                [
                    fleet.Making(device=one, product=product, hardware=firmware.HARDWARE, token=tokens[one], root=root)
                    for one in wanted
                ],
            )

    def _token(self, world: World) -> str:
        """Return the story's API token, made once and kept for its owner's eyes."""
        path = self.folder / "token"
        if not path.exists():
            made = people.issue_token(world, OPERATOR, "demo story", people.all_scopes(), 30)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(made)
        return path.read_text()

    def _careful(self, *arguments: str) -> str:
        """Run one `careful` command from outside and return what it printed."""
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "careful.assemble", *arguments],
            env={**os.environ, **_environment(self.settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"careful {' '.join(arguments)} failed: {(done.stderr or done.stdout).strip()[-400:]}")
        return done.stdout

    def _say(self, text: str) -> None:
        self._console.print(f"   {text}", markup=False, soft_wrap=True)

    def _say_head(self, text: str) -> None:
        self._console.print(f"\n[bold]{text}[/]  [dim]{time.monotonic() - self._began:.0f} s[/]")


def _counts(number: int) -> dict[str, int]:
    cameras, locks = round(number * _SHARES["cam-1"]), round(number * _SHARES["lock-1"])
    return {"cam-1": cameras, "lock-1": locks, "plug-1": number - cameras - locks}


def _given(folder: Path, base: int | None) -> dict[str, Any]:
    """Return the demo's settings: the ports of its first run hold for the next."""
    kept = folder / "ports.json"
    numbers: dict[str, int] = {name: int(Settings.model_fields[name].default) for name in _PORTS}
    if base is not None:
        numbers = {name: base + offset for offset, name in enumerate(_PORTS)}
    elif kept.exists():
        numbers = json.loads(kept.read_text())
    kept.write_text(json.dumps(numbers))
    return {
        "data": folder / "data",
        "poll_seconds": 2,
        "maker_name": firmware.MAKER,
        "mail_from": "security@hearth.example",
        **numbers,
    }


def _environment(settings: Settings) -> dict[str, str]:
    plain = {name: value for name, value in settings.model_dump().items() if not isinstance(value, tuple)}
    return {f"CAREFUL_{name.upper()}": str(value) for name, value in plain.items()}


def _is_up(settings: Settings) -> bool:
    def answers(number: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((settings.host, number)) == 0

    lock = settings.data / "up.lock"
    return lock.exists() and all(answers(number) for number in ports(settings).values())
