"""What a device gone wrong tries at the gateway, and how it learns that it was refused.

MQTT 3.1.1 has no packet that says no. A refused message is never acknowledged, and since the gateway answers in order,
an acknowledgement for a proper message sent behind it proves that the first one was passed over; or the connection is
closed. Anything else is no proof, and is called so.
"""

import json
import ssl
import time
from collections.abc import Mapping
from typing import Any

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

_SECONDS = 10.0
_TICK = 0.2


def attempt(
    context: ssl.SSLContext, address: tuple[str, int], device: str, victim: str, reading: Mapping[str, object]
) -> dict[str, str]:
    """Publish as another device, then with an undeclared field; return what came of each.

    "refused: ..." says how that showed, "accepted" that the gateway failed, "unknown: ..." that nothing was proved.
    """
    proper = json.dumps(reading).encode()
    undeclared = json.dumps({**reading, "owner_email": "someone@example.org"}).encode()
    return {
        "other_name": _try(context, address, device, (f"d/{victim}/up/telemetry", proper), proper),
        "undeclared_field": _try(context, address, device, (f"d/{device}/up/telemetry", undeclared), proper),
    }


def _try(
    context: ssl.SSLContext, address: tuple[str, int], device: str, wrong: tuple[str, bytes], proper: bytes
) -> str:
    state: dict[str, Any] = {"acknowledged": set(), "closed": "", "accepted": False}
    client = Client(CallbackAPIVersion.VERSION2, client_id=device, reconnect_on_failure=False)
    client.tls_set_context(context)

    def on_connect(
        _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        state["accepted"] = not reason.is_failure

    client.on_connect = on_connect
    client.on_publish = lambda _client, _data, number, _reason, _more: state["acknowledged"].add(number)
    client.on_disconnect = lambda _client, _data, _flags, reason, _more: state.update(closed=str(reason))
    try:
        client.connect(*address, keepalive=30)
        if not _until(client, lambda: state["accepted"] or state["closed"]) or not state["accepted"]:
            return f"unknown: no connection ({state['closed'] or 'no answer'})"
        bad = client.publish(*wrong, qos=1).mid
        good = client.publish(f"d/{device}/up/telemetry", proper, qos=1).mid
        _until(client, lambda: good in state["acknowledged"] or state["closed"])
        client.disconnect()
        _until(client, lambda: state["closed"])
    except OSError as broken:
        return f"unknown: {broken}"
    if bad in state["acknowledged"]:
        return "accepted"
    if good in state["acknowledged"]:
        return "refused: never acknowledged, what came after it was"
    return f"refused: the connection was closed ({state['closed']})" if state["closed"] else "unknown: no answer"


def _until(client: Client, done: Any) -> bool:  # noqa: ANN401 (anything that can be asked)
    end = time.monotonic() + _SECONDS
    while not done():
        if time.monotonic() > end:
            return False
        client.loop(timeout=_TICK)
    return True
