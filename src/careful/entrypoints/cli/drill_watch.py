"""`careful drill flood|scan|…`: plants a behaviour on a device of the drill's own, and measures what comes of it.

The device enrols and connects over the real doors of the running installation, misbehaves, and is timed until the
alert is there and until the device is cut off. Both go on record. It is marked as a drill's, so that it counts for no
share, and is retired at the end.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from careful import devices, monitoring, products
from careful.entrypoints.cli.drill_access import Credential, Drill
from careful.entrypoints.cli.output import json_option, say_json
from careful.kernel.actors import OPERATOR
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.work import World

_CONNECT_SECONDS = 10.0
_GIVE_UP_SECONDS = 15.0
_LOOK = 0.05
_FLOOD_MESSAGES = 4_000
_STRANGER = "203.0.113.9"  # from the range that documentation may use
_PEERS = 40


class Planted:
    """The drill's device, connected as a device is."""

    def __init__(self, world: World, name: str, context: Any, credential: Credential) -> None:  # noqa: ANN401 (an SSL context)
        self.world, self.name, self.credential = world, name, credential
        self._context = context
        self.closed = threading.Event()
        self.nonces: list[str] = []
        self.copied = ""  # what a thief has
        self._heard = threading.Event()
        self._client: Client | None = None

    def connect(self, shown: str = "") -> bool:
        """Connect, showing a nonce where one is given; return whether the gateway let it in."""
        self.leave()
        self.closed.clear()
        answered: list[bool] = []
        done = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, client_id=self.name, reconnect_on_failure=False)
        client.tls_set_context(self._context(self.credential))
        if shown:
            client.username_pw_set(self.name, shown)

        def on_connect(_client: Client, _data: object, _flags: object, reason: Any, _more: object) -> None:  # noqa: ANN401 (paho's)
            answered.append(not reason.is_failure)
            done.set()

        def on_disconnect(*_: object) -> None:
            self.closed.set()
            done.set()

        client.on_connect, client.on_disconnect = on_connect, on_disconnect
        client.on_message = lambda _client, _data, message: self._hear(message)
        settings = self.world.settings
        try:
            client.connect(settings.tls_names[0], settings.mqtt_port, keepalive=60)
        except ConnectionRefusedError as failure:
            raise Unavailable("The gateway does not answer.", do="Run: careful up") from failure
        except OSError:
            return False
        client.loop_start()
        done.wait(_CONNECT_SECONDS)
        self._client = client
        if answered and answered[0] and shown:
            client.subscribe(f"d/{self.name}/{monitoring.NONCE_TOPIC}", 1)
        return bool(answered and answered[0])

    def say(self, topic: str, content: Mapping[str, object], qos: int = 0) -> None:
        """Publish under any name."""
        if self._client is not None:
            self._client.publish(topic, json.dumps(content).encode(), qos=qos)

    def own(self, topic: str, content: Mapping[str, object], qos: int = 0) -> None:
        """Publish under its own name."""
        self.say(f"d/{self.name}/{topic}", content, qos)

    def next_nonce(self) -> str:
        """Wait for the nonce of this connection."""
        if not self._heard.wait(_CONNECT_SECONDS):
            raise Unavailable("No nonce came from the gateway.", do="Run: careful doctor")
        self._heard.clear()
        return self.nonces[-1]

    def leave(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _hear(self, message: Any) -> None:  # noqa: ANN401 (paho's message)
        self.nonces.append(bytes(message.payload).decode())
        self._heard.set()


def _exfiltrate(one: Planted) -> None:
    one.own("event/connections", _table([f"{_STRANGER} 4444 tcp established out 1"], bytes_out=200_000_000))


def _scan(one: Planted) -> None:
    one.own("event/connections", _table([f"192.168.7.{n} 23 tcp attempt out 1" for n in range(1, _PEERS + 1)]))


def _flood(one: Planted) -> None:
    for _ in range(_FLOOD_MESSAGES):
        one.own("event/connections", {})


def _probe(one: Planted) -> None:
    for number in range(4):
        one.say(f"d/somebody-{number}/state/reported", {"version": "1.0.0"})


def _undeclared(one: Planted) -> None:
    one.own("event/update", {"state": "succeeded", "owner_email": "someone@example.org"})


def _downgrade(one: Planted) -> None:
    one.own("state/reported", {"version": "1.0.0"}, 1)


def _fail_to_sign_in(one: Planted) -> None:
    devices.revoke(one.world, OPERATOR, one.name, "drill of refused logins")
    for _ in range(8):
        one.connect()


def _steal(one: Planted) -> None:
    one.connect(one.copied)


def _nothing(one: Planted) -> None:
    one.leave()


_MISDEEDS: Mapping[str, Callable[[Planted], None]] = {
    "exfiltration": _exfiltrate,
    "stolen-credential": _steal,
    "scan": _scan,
    "flood": _flood,
    "topic-probing": _probe,
    "undeclared-field": _undeclared,
    "refused-logins": _fail_to_sign_in,
    "downgrade": _downgrade,
    "silence": _nothing,
}


def _prepare(kind: str, one: Planted) -> None:
    """Do what an honest device has done before."""
    if kind == "stolen-credential":
        one.connect("begin")
        one.copied = one.next_nonce()
        for _ in range(2):
            one.connect(one.nonces[-1])
            one.next_nonce()
        return
    if not one.connect():
        raise Refused("Even an honest device was refused, so a drill proves nothing.", do="Run: careful doctor")
    if kind == "downgrade":
        one.own("state/reported", {"version": "2.0.0"}, 1)
    if kind in {"downgrade", "silence"}:
        one.own("event/connections", {}, 1)
        time.sleep(1.5)  # one window passes in between


def run_drill(world: World, kind: str, product: str, hardware: str) -> monitoring.Outcome:
    """Run one drill to its end; the device is retired in any case."""
    cuts = _must_cut(world, kind, product)
    within, patience = monitoring.SEEN_SECONDS, _GIVE_UP_SECONDS
    if kind == "silence":
        within = _heartbeat(world, product) * 3 + 15.0
        patience = within + 15.0
    with tempfile.TemporaryDirectory() as folder:
        drill = Drill(world, product, hardware, Path(folder))
        monitoring.begin_drill(world, OPERATOR, drill.device, kind)
        one = Planted(world, drill.device, drill.doors.context, drill.enrol(drill.request()))
        outcome = monitoring.judge_drill(kind, drill.device, None, None, cuts=cuts, within=within)
        try:
            _prepare(kind, one)
            began = time.monotonic()
            _MISDEEDS[kind](one)
            seen, cut = _measure(world, one, monitoring.DRILLS[kind].rule, began, patience, cuts=cuts)
            outcome = monitoring.judge_drill(kind, drill.device, seen, cut, cuts=cuts, within=within)
        finally:
            one.leave()
            monitoring.end_drill(world, OPERATOR, outcome)
            devices.retire(world, OPERATOR, drill.device, f"drill of {kind} ended")
    return outcome


def _measure(
    world: World, one: Planted, rule: str, began: float, patience: float, *, cuts: bool
) -> tuple[float | None, float | None]:
    """Look until the alert is there and, where it must be, the device cut off; return the seconds to each."""
    seen = cut = None
    while time.monotonic() < began + patience and (seen is None or (cuts and cut is None)):
        if seen is None and monitoring.alerts(world, rule=rule, device=one.name, drills=True):
            seen = time.monotonic() - began
        if seen is not None and cuts and devices.get(world, one.name).state == "quarantined":
            one.closed.wait(max(0.0, began + patience - time.monotonic()))
            cut = time.monotonic() - began if one.closed.is_set() else None
            break
        time.sleep(_LOOK)
    return seen, cut


def _must_cut(world: World, kind: str, product: str) -> bool:
    """Tell whether the device must be cut off: by what nobody declared, Careful only shows."""
    expected = monitoring.expected_of(products.get(world, product).declaration)
    rated = {name for name, one in expected.rates.items() if one.messages is not None}
    known = {"flood": bool(rated) and rated >= set(expected.streams), "exfiltration": expected.hosts is not None}
    return monitoring.DRILLS[kind].cuts and known.get(kind, True)


def _heartbeat(world: World, product: str) -> float:
    declared = products.get(world, product).declaration.connectivity
    minutes = declared.heartbeat_minutes if declared is not None else None
    if minutes is None:
        raise Refused(
            f"{product} declares no heartbeat, so its silence is not judged.",
            do="Declare connectivity.heartbeat_minutes.",
        )
    return float(minutes) * 60.0


def _table(peers: list[str], **counters: int) -> dict[str, object]:
    return {"peers": peers, **counters}


def _run_and_say(ctx: click.Context, kinds: list[str], product: str | None, hardware: str, *, as_json: bool) -> None:
    world: World = ctx.obj.world()
    known = [one.id for one in products.list_all(world) if one.approved_at]
    if not known:
        raise Refused("No product is approved yet, so no device can be made.", do="Run: careful product declare FILE")
    outcomes = []
    for kind in kinds:
        outcome = run_drill(world, kind, product or known[0], hardware)
        outcomes.append(outcome)
        if not as_json:
            when = f"{datetime.now(UTC):%H:%M:%S}Z"
            click.echo(f"  {'held  ' if outcome.held else 'FAILED'}  {when}  {kind:<18} {outcome.reason}")
    if as_json:
        say_json(outcomes)
    ctx.exit(0 if all(one.held for one in outcomes) else 1)


def _command(kind: str) -> click.Command:
    plan = monitoring.DRILLS[kind]

    @click.command(kind)
    @click.option("--product", help="For which product the drill's device is made (default: the first).")
    @click.option("--hardware", default="rev-a", show_default=True, help="Its hardware revision.")
    @json_option
    @click.pass_context
    def run(ctx: click.Context, product: str | None, hardware: str, as_json: bool) -> None:
        _run_and_say(ctx, [kind], product, hardware, as_json=as_json)

    run.help = (
        f"Plant a device that {plan.says}; exit code 0: it was seen in time"
        f"{', and cut off' if plan.cuts else ''} (M12, M13, R3)."
    )
    return run


COMMANDS = tuple(_command(kind) for kind in monitoring.DRILLS)


@click.command("watch")
@click.option("--product", help="For which product the drills' devices are made (default: the first).")
@click.option("--hardware", default="rev-a", show_default=True, help="Their hardware revision.")
@json_option
@click.pass_context
def everything(ctx: click.Context, product: str | None, hardware: str, as_json: bool) -> None:
    """Run every drill of the watch one after the other, but silence, which takes three heartbeats."""
    kinds = [kind for kind in monitoring.DRILLS if kind != "silence"]
    _run_and_say(ctx, kinds, product, hardware, as_json=as_json)
