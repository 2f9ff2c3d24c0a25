"""Events name devices by id and carry nothing about people."""

import dataclasses

import pytest

from careful.devices import events
from careful.kernel.ledger import REGISTRY, Event

OURS = sorted(name for name in REGISTRY if name.startswith("devices."))


def test_every_event_of_this_domain_is_declared_here() -> None:
    assert {REGISTRY[name].__module__ for name in OURS} == {events.__name__}


@pytest.mark.parametrize("name", OURS)
def test_an_event_is_a_frozen_fact_without_personal_data(name: str) -> None:
    kind: type[Event] = REGISTRY[name]
    fields = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    assert not fields & {"email", "address", "source", "ip", "name", "token"}
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_subjects_lead_to_the_device() -> None:
    event = events.DeviceQuarantined(device="cam-1-001", product="cam-1", reason="odd")
    assert event.subject() == "device/cam-1-001"
