from careful.kernel.ledger import REGISTRY
from careful.updates import events


def test_every_event_is_documented_and_named_after_its_domain():
    mine = [kind for name, kind in REGISTRY.items() if name.startswith("updates.")]
    assert {kind.__module__ for kind in mine} == {events.__name__}
    assert all(kind.__doc__ for kind in mine)
    assert mine


def test_subjects_lead_to_what_happened():
    happened = events.DrillHeld(kind="tampered", device="cam-1-001", product="cam-1", reason="refused: tampered")
    assert happened.subject() == "device/cam-1-001"
    assert events.RolloutHalted(rollout="r", reason="why").subject() == "rollout/r"
