"""Some seconds of load: the memory of gateway and worker stays flat, and the inbox does not fill up.

`python -m benchmarks.device_path_soak 3600` is the same for an hour.
"""

import sys
from pathlib import Path

import nats_cluster
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import device_path_soak as soak

DEVICES, RATE, SECONDS, PARTS = 20, 3_000, 12.0, 2
MIB_OF_100_000 = 10.0
"""A hundred bytes kept of each message would be as much; what is learned in the first seconds is a third of it."""
INBOX_MIB = 32.0
"""What comes in ten seconds is more than half of it, and what was moved stays for five."""


@pytest.mark.walk
def test_memory_stays_flat_and_everything_comes_to_rest(
    postgres_url: str, nats: nats_cluster.Cluster, tmp_path: Path
) -> None:
    with soak.serving(postgres_url, nats, tmp_path / "data", DEVICES) as (world, processes, names):
        samples = list(soak.soak(world, processes, names, RATE, SECONDS, PARTS))
        assert soak.come_to_rest(world, samples[-1].acked) == samples[-1].acked > 0.95 * RATE * SECONDS
    for name in soak.WATCHED:
        assert soak.growth(samples, name) < MIB_OF_100_000, [one.mib for one in samples]
    assert samples[-1].waiting_mib < INBOX_MIB
