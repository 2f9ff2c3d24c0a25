"""The product file's own example, against a real client: what the guide says is taken is taken, and nothing else."""

import json
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from careful import customer_data, products
from careful.kernel import inbox

GUIDE = Path(__file__).parents[4] / "docs" / "product-file.md"
ME = "cam-1-001"
SAID = [
    # what is sent, what is stored of it (None: nothing), what MQTT 5 says
    ({"celsius": 20.5, "humidity": 40, "label": "ok"}, {"celsius": 20.5, "humidity": 40, "label": "ok"}, ""),
    ({"celsius": -40.5}, {"celsius": -40.5}, ""),
    ({"celsius": 85.1, "humidity": 1}, {"humidity": 1}, ""),
    ({"humidity": 1.5, "celsius": 1}, {"celsius": 1}, ""),
    ({"humidity": True, "celsius": 2}, {"celsius": 2}, ""),
    ({"label": "x" * 33, "celsius": 3}, {"celsius": 3}, ""),
    ({"label": None, "celsius": 4}, {"celsius": 4}, ""),
    ({"ssid": "home", "celsius": 5}, {"celsius": 5}, ""),
    ({"zone": "bed", "celsius": 6}, {"celsius": 6}, ""),
    ({}, {}, ""),
    ({"celsius": 86}, None, "out-of-range: telemetry.celsius"),
    ({"celsius": "20"}, None, "wrong-type: telemetry.celsius"),
    ({"zone": "bed"}, None, "missing-consent: telemetry.zone"),
    ({"ssid": "home"}, None, "undeclared-field: telemetry.ssid"),
]


@pytest.fixture
def documented(world, staff):
    """Put the guide's example in force."""
    block = re.search(r"## What is taken of a message\n\n((?:    .*\n)+)", GUIDE.read_text())[1]
    text = "schema: product/1\nproduct: {id: cam-1}\n" + textwrap.dedent(block)
    products.declare(world, staff, text.encode())
    products.approve(world, staff, "cam-1")
    return products.get(world, "cam-1").declaration.data[0]


def test_what_the_guide_says_is_taken_and_nothing_else(documented, gateway, world, eventually):
    who = gateway.make(ME)
    where = ["-V", "mqttv5", "-q", "1", "-l", "-t", f"d/{ME}/up/{documented.id}"]
    lines = "".join(json.dumps(message) + "\n" for message, _, _ in SAID)
    done = subprocess.run(
        ["mosquitto_pub", *who.mosquitto(gateway.port), *where],
        input=lines, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    stored = [json.loads(one.payload) for one in inbox.recent(world.home, ME, limit=len(SAID))]
    assert sorted(map(str, stored)) == sorted(str(kept) for _, kept, _ in SAID if kept is not None)
    for _, _, says in SAID:
        assert says in done.stderr
    assert done.stderr.count("failed") == sum(kept is None for _, kept, _ in SAID)
    expected = {
        ("celsius", "out-of-range"): 2,
        ("celsius", "wrong-type"): 1,
        ("humidity", "wrong-type"): 2,
        ("label", "too-long"): 1,
        ("label", "wrong-type"): 1,
        ("ssid", "undeclared-field"): 2,
        ("zone", "missing-consent"): 2,
    }
    found = customer_data.refused_fields
    eventually(lambda: {(one.field, one.kind): one.count for one in found(world, "cam-1")} == expected)
