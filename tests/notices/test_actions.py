"""From a judged case to the owners: what is refused on the way, what stands in the ledger, and who is written to."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from village import FLAW, NEW, OLD, SECOND, STAFF, Village

from careful import devices, notices, vulnerabilities
from careful.kernel import ledger
from careful.kernel.errors import Invalid, NotFound, Refused


def events(village, name):
    with village.world.look() as connection:
        return [entry.data for entry in ledger.read(connection, names=[f"notices.{name}"])]


def test_a_draft_says_what_is_known(village: Village):
    case = village.affected()
    one = notices.draft(village.world, STAFF, case.id)
    assert (one.id, one.flaw, one.product, one.model) == ("CAREFUL-2026-0001", FLAW, "cam-1", "HC-100")
    assert (one.affected, one.fixed_in, one.exploited) == ((OLD,), None, True)
    assert one.published_at is None
    assert notices.read(one.summary, one.action, one.product_name).problems == ()
    assert events(village, "advisory_drafted") == [
        {"advisory": one.id, "case": case.id, "flaw": FLAW, "product": "cam-1"}
    ]


def test_a_draft_is_written_again_under_its_number(village: Village):
    case = village.affected()
    first = notices.draft(village.world, STAFF, case.id)
    village.ship(NEW, "pillow==10.0.1")
    village.found()
    again = notices.draft(village.world, STAFF, case.id, title="Mine", summary="One.", action="Two.")
    assert (again.id, again.fixed_in) == (first.id, NEW)
    assert (again.title, again.summary, again.action) == ("Mine", "One.", "Two.")
    assert notices.advisories(village.world) == [again]


def test_each_case_has_its_own_number(village: Village):
    village.affected()
    other = village.case("CVE-2023-50447")
    village.judge(flaw=other.flaw)
    made = [notices.draft(village.world, STAFF, one).id for one in (village.case().id, other.id)]
    village.later(days=365)
    assert made == ["CAREFUL-2026-0001", "CAREFUL-2026-0002"]


def test_the_years_numbers_start_at_one(village: Village):
    notices.draft(village.world, STAFF, village.affected().id)
    other = village.case("CVE-2023-50447")
    village.judge(flaw=other.flaw)
    village.later(days=365)
    assert notices.draft(village.world, STAFF, other.id).id == "CAREFUL-2027-0001"


@pytest.mark.parametrize("turn", ["\n", "\r\n", "\u2028"])
def test_a_title_is_one_line(village: Village, turn: str):
    """It becomes a mail's subject, and no mail could ever be sent of what reads as two headers."""
    case = village.affected()
    with pytest.raises(Invalid, match="one line"):
        notices.draft(village.world, STAFF, case.id, title=f"An update{turn}Bcc: all@example.com")


def test_drafts_at_the_same_moment_get_numbers_of_their_own(village: Village):
    village.affected()
    other = village.case("CVE-2023-50447")
    village.judge(flaw=other.flaw)
    cases = [village.case().id, other.id] * 4
    with ThreadPoolExecutor(len(cases)) as pool:
        made = list(pool.map(lambda case: notices.draft(village.world, STAFF, case), cases))
    assert {one.id for one in made} == {"CAREFUL-2026-0001", "CAREFUL-2026-0002"}
    assert len({(one.id, one.case) for one in made}) == 2


def test_no_draft_before_the_case_is_judged_affected(village: Village):
    village.affected()
    open_case = village.case("CVE-2023-50447")
    with pytest.raises(Refused, match="has not been judged affected") as refused:
        notices.draft(village.world, STAFF, open_case.id)
    assert f"careful vuln judge {open_case.id}" in refused.value.do
    with pytest.raises(NotFound):
        notices.draft(village.world, STAFF, "nope")


@pytest.mark.parametrize("which", ["summary", "action", "title"])
def test_no_text_without_end(village: Village, which: str):
    case = village.affected()
    with pytest.raises(Invalid, match="4000 characters"):
        notices.draft(village.world, STAFF, case.id, **{which: "x" * 4001})
    assert notices.advisories(village.world) == []


def test_published_once_with_the_digest_of_what_is_served(village: Village):
    one = village.published()
    assert one.published_at == village.world.clock.now()
    served = notices.csaf(village.world, one.id)
    assert one.csaf_sha256 == hashlib.sha256(served).hexdigest()
    document = json.loads(served)
    assert document["document"]["tracking"]["id"] == one.id
    assert document["document"]["references"][0]["url"].endswith(f"/csaf/2026/{one.id.lower()}.json")
    village.later(hours=1)
    assert notices.publish(village.world, STAFF, one.id.lower()) == one
    assert notices.csaf(village.world, one.id) == served
    (told,) = events(village, "advisory_published")
    assert (told["csaf_sha256"], told["fixed_in"], told["flaw"]) == (one.csaf_sha256, NEW, FLAW)


def test_what_is_public_is_not_rewritten(village: Village):
    one = village.published()
    with pytest.raises(Refused, match="is already public"):
        notices.draft(village.world, STAFF, one.case, summary="Other words.")
    assert notices.advisory(village.world, one.id) == one


def test_what_owners_cannot_read_is_not_published(village: Village):
    case = village.affected()
    one = notices.draft(village.world, STAFF, case.id, summary="A TOCTOU flaw allows privilege escalation.")
    with pytest.raises(Refused, match="'toctou' is not for customers") as refused:
        notices.publish(village.world, STAFF, one.id)
    assert case.id in refused.value.do
    with pytest.raises(NotFound):
        notices.csaf(village.world, one.id)
    assert events(village, "advisory_published") == []


def test_nobody_is_told_before_publication(village: Village):
    one = notices.draft(village.world, STAFF, village.affected().id)
    with pytest.raises(Refused, match="is not public yet"):
        notices.tell_owners(village.world, STAFF, one.id)
    assert village.mails() == []


def test_one_letter_for_one_owner_however_many_devices(village: Village):
    one = village.published()
    assert notices.tell_owners(village.world, STAFF, one.id) == (2, 1)
    (mail,) = village.mails()
    assert (mail["to"], mail["subject"], mail["advisory"]) == ("kim@example.com", one.title, one.id)
    assert mail["body"] == notices.letter(one, village.world.settings.public_url)
    assert devices.unsubscribe(village.world, mail["unsubscribe"])
    assert notices.advisory(village.world, one.id).told_at == village.world.clock.now()
    assert notices.told_count(village.world, one.id) == 2
    assert events(village, "owners_told") == [
        {"advisory": one.id, "case": one.case, "product": "cam-1", "told": 2, "unreachable": 1}
    ]


def test_one_letter_however_an_owner_spells_the_address(village: Village):
    one = village.published()
    village.own(cam_1_003="Kim@Example.com")
    assert notices.tell_owners(village.world, STAFF, one.id) == (3, 0)
    assert [mail["to"].lower() for mail in village.mails()] == ["kim@example.com"]


def test_only_owners_of_what_is_affected_are_written_to(village: Village):
    """Not whose device runs the fix since before, not whose other product is fine."""
    village.declare("lock-1")
    village.ship(OLD, "wheel==0.40.0", product="lock-1")
    village.run(OLD, "lock-1-001", product="lock-1")
    one = village.published()
    village.run(NEW, "cam-1-004")
    village.own(lock_1_001="lock@example.com", cam_1_004="new@example.com")
    notices.tell_owners(village.world, STAFF, one.id)
    assert [mail["to"] for mail in village.mails()] == ["kim@example.com"]


def test_of_an_accepted_risk_nobody_is_told_to_wait_for_an_update(village: Village):
    case = village.affected()
    until = village.world.clock.now() + timedelta(days=90)
    held = vulnerabilities.judge(
        village.world, STAFF, case.id, "affected", statement="It is in a locked room.", until=until
    )
    vulnerabilities.confirm(village.world, SECOND, held.id)
    one = notices.publish(village.world, STAFF, notices.draft(village.world, STAFF, case.id).id)
    (flaw,) = json.loads(notices.csaf(village.world, one.id))["vulnerabilities"]
    assert flaw["remediations"][0]["category"] == "no_fix_planned"
    assert "updates itself" not in notices.letter(one, "https://hearth.example")
    assert "update" not in one.title


def test_what_we_publish_is_applied_when_it_comes_in_again(village: Village):
    one = village.published()
    forms = [
        notices.csaf(village.world, one.id),
        vulnerabilities.export(village.world, "cam-1", "openvex").text.encode(),
        vulnerabilities.export(village.world, "cam-1", "cyclonedx").text.encode(),
    ]
    for content in forms:
        lines = vulnerabilities.import_vex(village.world, STAFF, "cam-1", content)
        assert lines
        assert {line.outcome for line in lines} == {"applied"}, lines


def test_told_again_writes_only_to_who_is_new(village: Village):
    one = village.published()
    notices.tell_owners(village.world, STAFF, one.id)
    assert notices.tell_owners(village.world, STAFF, one.id) == (0, 1)
    village.own(cam_1_003="lee@example.com")
    assert notices.tell_owners(village.world, STAFF, one.id) == (1, 0)
    assert notices.tell_owners(village.world, STAFF, one.id) == (0, 0)
    assert [mail["to"] for mail in village.mails()] == ["kim@example.com", "lee@example.com"]
    assert [told["told"] for told in events(village, "owners_told")] == [2, 1]


def test_an_owner_whose_device_is_fixed_meanwhile_is_told_too(village: Village):
    one = village.published()
    village.run(NEW, "cam-1-001", "cam-1-002")
    assert notices.tell_owners(village.world, STAFF, one.id) == (2, 1)


def test_no_address_ever_stands_in_the_ledger(village: Village):
    notices.tell_owners(village.world, STAFF, village.published().id)
    with village.world.look() as connection:
        assert not any("@" in str(entry.data) for entry in ledger.read(connection))


def test_the_letter_begins_with_what_to_do(village: Village):
    one = notices.draft(village.world, STAFF, village.affected().id)
    text = notices.letter(one, "https://hearth.example")
    assert text.index("What to do") < text.index(one.action) < text.index("Why") < text.index(one.summary)
    assert text.startswith("Hearth Cam 1 (HC-100)\n")
    assert text.endswith(f"Read more: https://hearth.example/advisories/{one.id}\n")
