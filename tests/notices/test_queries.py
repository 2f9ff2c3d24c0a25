"""What may be asked about notices: lists, the published file, the feed, and the one answer behind `/check`."""

import xml.etree.ElementTree as ET

import pytest
from village import NEW, OLD, STAFF, Village

from careful import devices, notices
from careful.kernel.errors import NotFound


def test_newest_first_and_only_what_is_asked(village: Village):
    public = village.published()
    other = village.case("CVE-2023-50447")
    village.judge(flaw=other.flaw)
    draft = notices.draft(village.world, STAFF, other.id)
    world = village.world
    assert notices.advisories(world) == [draft, public]
    assert notices.advisories(world, published_only=True) == [public]
    assert notices.advisories(world, product="lock-1") == []
    assert notices.for_case(world, other.id) == draft
    assert notices.for_case(world, "nope") is None
    assert notices.advisory(world, public.id.lower()) == public


def test_one_that_nobody_wrote_and_one_not_public(village: Village):
    draft = notices.draft(village.world, STAFF, village.affected().id)
    with pytest.raises(NotFound, match="There is no advisory CAREFUL-2026-9999"):
        notices.advisory(village.world, "CAREFUL-2026-9999")
    for wanted in (draft.id, "CAREFUL-2026-9999"):
        with pytest.raises(NotFound, match="no published advisory"):
            notices.csaf(village.world, wanted)


def test_the_feed_holds_what_is_public(village: Village):
    def entries():
        root = ET.fromstring(notices.atom(village.world))  # noqa: S314 (our own feed)
        return [one.text for one in root.iterfind(".//{*}entry/{*}title")]

    notices.draft(village.world, STAFF, village.affected().id)
    assert entries() == []
    village.ship(NEW, "pillow==10.0.1")
    village.found()
    one = notices.publish(village.world, STAFF, notices.for_case(village.world, village.case().id).id)
    assert entries() == [one.title]


def ask(village, version, model="HC-100"):
    return notices.answer_for(village.world, model, version)


def test_a_draft_tells_nobody_to_act(village: Village):
    notices.draft(village.world, STAFF, village.affected().id)
    assert ask(village, OLD).state == "fine"


def test_the_answer_follows_the_advisory(village: Village):
    one = village.published()
    found = ask(village, OLD)
    assert (found.state, found.says, found.do, found.advisories) == ("act", one.summary, one.action, (one.id,))
    fixed = ask(village, NEW)
    assert (fixed.state, fixed.newest, fixed.advisories) == ("fine", NEW, ())


@pytest.mark.parametrize("model", ["HC-100", " hc-100 ", "cam-1", "Hearth Cam 1", "HEARTH CAM 1"])
def test_every_name_on_the_label_is_understood(village: Village, model: str):
    village.published()
    assert ask(village, OLD, model).model == "HC-100"


def test_a_model_that_is_not_ours_and_a_version_nobody_signed(village: Village):
    village.published()
    village.ship("2.0.0", "pillow==10.3.0", sign=False)
    with pytest.raises(NotFound, match="no model called 'Toaster'"):
        ask(village, OLD, "Toaster")
    assert ask(village, "2.0.0").state == "unknown"
    assert ask(village, "9.9.9").state == "unknown"


def test_an_older_version_is_told_of_the_newer(village: Village):
    village.declare()
    village.ship(OLD)
    village.ship(NEW)
    village.hear()
    assert (ask(village, OLD).state, ask(village, NEW).state) == ("update", "fine")


def test_never_fine_on_stale_feeds(village: Village):
    village.declare()
    village.ship(OLD)
    assert ask(village, OLD).state == "unknown"
    village.hear()
    assert ask(village, OLD).state == "fine"
    village.later(hours=25)
    assert ask(village, OLD).state == "unknown"


def test_support_that_ended_is_said(village: Village):
    village.declare()
    village.ship(OLD)
    village.hear()
    village.later(days=365 * 7)
    assert ask(village, OLD).state == "ended"


def test_reach_counts_whom_we_can_write_to(village: Village):
    village.declare()
    assert notices.reach(village.world, "cam-1") == (0, 0)
    village.run(OLD, "cam-1-001", "cam-1-002")
    village.own(cam_1_001="kim@example.com")
    assert notices.reach(village.world, "cam-1") == (1, 2)


def test_reach_leaves_out_retired_devices(village: Village):
    village.declare()
    village.run(OLD, "cam-1-001", "cam-1-002", "cam-1-003")
    village.own(cam_1_001="kim@example.com", cam_1_002="lee@example.com")
    for name in ("cam-1-002", "cam-1-003"):
        devices.retire(village.world, STAFF, name, "Broken.")
    assert notices.reach(village.world, "cam-1") == (1, 1)


def test_reach_counts_past_one_page(village: Village):
    village.declare()
    names = [f"cam-1-{number:04d}" for number in range(1001)]
    for start in range(0, len(names), 500):
        devices.make_tokens(village.world, STAFF, "cam-1", names[start : start + 500], "rev-a")
    village.own(cam_1_1000="kim@example.com")
    assert notices.reach(village.world, "cam-1") == (1, 1001)
