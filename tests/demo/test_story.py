"""The story's own bookkeeping; its ten acts are walked door to door elsewhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from careful.demo import firmware, story
from careful.demo.api import Held


class Recorded:
    """Stands where the API stands, with answers written down beforehand."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.posted: list[tuple[str, Any]] = []

    def get(self, path: str, **_query: Any) -> Any:
        return self.answers[path]

    def post(self, path: str, body: object = None, **_how: Any) -> Any:
        self.posted.append((path, body))
        return self.answers.get(f"POST {path}")


@pytest.fixture
def stage(tmp_path: Path) -> story.Stage:
    made: Any = story.Stage(
        api=Recorded({}),  # type: ignore[arg-type]  # answers as the API does
        public="",
        examples=firmware.examples().parent,
        fleet=tmp_path,
        mail=tmp_path,
        builds={},
        counts={"cam-1": 24, "lock-1": 13, "plug-1": 13},
        make_devices=lambda _: None,
        run=lambda *_: "",
        say=lambda _: None,
    )
    return made


def test_ten_acts_each_with_a_title_of_its_own():
    assert len(story.STEPS) == len({title for title, _ in story.STEPS}) == 10


def test_devices_are_named_as_the_story_names_them(stage: story.Stage):
    named = stage.devices("cam-1")
    assert (len(named), named[0], named[-1]) == (24, "cam-1-001", "cam-1-024")
    assert {story.SICK, story.SILENT} <= set(named)


def test_what_the_story_needs_ships_with_it(stage: story.Stage):
    for product in story.PRODUCTS:
        assert (stage.examples / "products" / product / "product.yaml").is_file()
    exploited = {
        one["cveID"] for one in json.loads((stage.examples / "feeds" / "kev.json").read_text())["vulnerabilities"]
    }
    assert story.MAIN_FLAW in exploited
    known = "".join(path.read_text() for path in (stage.examples / "feeds" / "osv").glob("*.json"))
    assert all(flaw in known for flaw in story.AFFECTED)


def test_behaviour_of_one_device_leaves_the_others_alone(stage: story.Stage):
    stage.behave("cam-1-001", name="unhealthy", version="1.0.1")
    stage.behave("plug-1-001", name="rogue")
    stage.behave("cam-1-001", name="normal")
    assert json.loads((stage.fleet / "control.json").read_text()) == {
        "behaviours": {"cam-1-001": {"name": "normal"}, "plug-1-001": {"name": "rogue"}}
    }


def test_devices_of_drills_are_not_counted(stage: story.Stage):
    names = ["cam-1-001", "lock-1-013", "drill-abc", "cam-1-0001", "plug-1-1"]
    stage.api = Recorded({"/devices": [{"id": name} for name in names]})  # type: ignore[assignment]  # as above
    assert [one["id"] for one in story._all_devices(stage)] == ["cam-1-001", "lock-1-013"]


def test_a_rollout_that_runs_is_not_started_again(stage: story.Stage):
    known = Recorded({"/rollouts": [{"id": 7, "version": "1.0.0"}], "POST /rollouts": {"rollout": "8"}})
    stage.api = known  # type: ignore[assignment]  # as above
    assert story._start(stage, "cam-1", "1.0.0", ["100%"]) == "7"
    assert known.posted == []
    assert story._start(stage, "cam-1", "1.0.1", ["2", "100%"], ["cam-1-001"]) == "8"
    ((_, asked),) = known.posted
    assert (asked["waves"], asked["first"], asked["version"]) == (["2", "100%"], ["cam-1-001"], "1.0.1")


def test_an_advisory_is_drafted_once(stage: story.Stage):
    known = Recorded({"/notices": [{"id": "A", "case": "c1"}], "POST /notices": {"id": "B", "case": "c2"}})
    stage.api = known  # type: ignore[assignment]  # as above
    assert story._advisory(stage, "c1")["id"] == "A"
    assert story._advisory(stage, "c2")["id"] == "B"
    assert known.posted == [("/notices", {"case": "c2"})]


def test_what_does_not_come_true_is_said(stage: story.Stage):
    stage.api = Recorded({"/cases": []})  # type: ignore[assignment]  # as above
    with pytest.raises(Held, match="There is no case for"):
        story.told(stage)
