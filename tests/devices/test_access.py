"""The matrix of probes: each pair is noted with its last answer, and what nobody tried is known."""

import pytest

from careful import devices
from careful.kernel import ledger
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid
from careful.kernel.work import World


def test_a_probe_is_held_where_the_answer_is_the_expected_one(world: World, staff: Actor) -> None:
    assert devices.record_probe(world, staff, "mqtt", "none", "refused", "accepted") is False
    assert devices.record_probe(world, staff, "mqtt", "none", "refused", "refused") is True
    [probe] = devices.probes(world)
    assert (probe.interface, probe.credential, probe.held, probe.at) == ("mqtt", "none", True, world.clock.now())
    with world.look() as connection:
        said = [entry.data["held"] for entry in ledger.read(connection, names=["devices.access_probed"])]
    assert said == [False, True]


def test_what_nobody_tried_is_listed(world: World, staff: Actor) -> None:
    everything = devices.unprobed([])
    assert len(everything) == len(devices.INTERFACES) * len(devices.CREDENTIALS)
    devices.record_probe(world, staff, "est", "replayed", "refused", "refused")
    assert set(everything) - set(devices.unprobed(devices.probes(world))) == {("est", "replayed")}


@pytest.mark.parametrize(
    "probe",
    [
        ("gopher", "none", "refused", "refused"),
        ("mqtt", "bribe", "refused", "refused"),
        ("mqtt", "none", "", "refused"),
        ("mqtt", "none", "refused", "x" * 65),
    ],
)
def test_what_is_not_in_the_matrix_is_refused(world: World, staff: Actor, probe: tuple[str, str, str, str]) -> None:
    with pytest.raises(Invalid):
        devices.record_probe(world, staff, *probe)
    assert devices.probes(world) == []
