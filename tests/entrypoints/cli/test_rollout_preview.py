from careful import updates
from careful.entrypoints.cli.rollout_preview import show


def test_what_stands_in_the_way_is_said(capsys):
    found = updates.Preview(
        product="cam-1",
        version="1.0.1",
        waves=(updates.PlannedWave(number=1, asked="100%", devices=("cam-1-001",)),),
        left_out=(("cam-1-002", "runs it already"),),
        stands_in_the_way="It is not published.",
        people=2,
        says=("This takes over 1 device from rollout r (1.0.0, running), which ends.",),
    )
    show(found, as_json=False)
    said = capsys.readouterr().out
    for words in ("cam-1-001", "runs it already", "takes over 1 device", "2 people", "It cannot start: It is not"):
        assert words in said
