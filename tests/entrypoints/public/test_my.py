"""Owners' pages, from the code on the label to the next owner; and two owners who never reach each other's things."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest
from household import House, make_house
from owner_browser import Browser, labelled, mailbox_at, on_the_internet

from careful import customer_data, devices, owners
from careful.entrypoints.public import my
from careful.kernel import ledger, outbox
from careful.kernel.actors import OPERATOR
from careful.workflows import ownership

ONE, TWO = "cam-1-001", "cam-1-002"
ANN, BEN = "ann@example.org", "ben@example.org"


@pytest.fixture
def house(world, staff, tmp_path) -> Iterator[House]:
    """A maker on the internet with two cameras, each of which said something."""
    with mailbox_at(tmp_path) as mailbox:
        made = make_house(on_the_internet(world, mailbox), staff, tmp_path)
        made.device(TWO)
        for one in (ONE, TWO):
            made.say("up/clip", one, zone=f"hall of {one}", seconds=4)
            made.say("up/climate", one, celsius=21)
        made.mailbox = mailbox
        made.codes = labelled(made.world, staff)
        yield made


def browser(house) -> Browser:
    return Browser(house.world, house.mailbox)


def events(world, name):
    with world.look() as connection:
        return ledger.read(connection, names=[name])


def test_claim_see_take_along_correct_delete_and_pass_on(house):
    world, ann = house.world, browser(house)
    customer_data.read(world, OPERATOR, "help the owner", device=ONE)
    customer_data.read(world, OPERATOR, "help the owner", device=TWO)
    page = f"/my/devices/{ONE}"
    typed = house.codes[ONE].upper().replace("-", " ")
    assert ann.claim(ONE, typed, ANN) == page
    shown = ann.get(page)
    for said in ("show what moved; help the owner", "14 days", "whoever runs our server", ANN, "about you"):
        assert said in shown
    assert TWO not in shown
    assert f"hall of {ONE}" in ann.get(f"{page}/readings?stream=up/clip")
    copy = ann.post(f"{page}/copy", page)
    fetched = ann.post(f"{copy.headers['location']}/file", copy.headers["location"])
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        assert f"hall of {ONE}" in archive.read("readings.jsonl").decode()
        opened = [json.loads(line) for line in archive.read("opened.jsonl").decode().splitlines()]
    assert {one["who"] for one in opened} >= {"operator", "owner"}
    at = re.search(r"correct\?(stream=up%2Fclip&at=[^&]+&field=zone)", ann.get(f"{page}/readings?stream=up/clip"))
    assert at
    form = ann.get(f"{page}/correct?{at[1]}")
    moment = re.search(r'name="at"[^>]*value="([^"]+)"', form)
    done = ann.post(f"{page}/correct", page, stream="up/clip", at=moment[1], field="zone", value="the garden")
    assert "What the customer says is right is kept" in ann.get(done.headers["location"])
    wrong = ann.post(f"{page}/correct", page, stream="up/clip", at=moment[1], field="nothing", value="x")
    assert wrong.status_code == 404
    assert ann.post(f"{page}/correct", page, stream="up/clip", at="noon", field="zone", value="x").status_code == 400
    assert "cannot be undone" in ann.get(f"{page}/delete") or "Nobody can undo it" in ann.get(f"{page}/delete")
    gone = ann.post(f"{page}/delete", page)
    note = ann.get(f"{gone.headers['location']}/receipt.txt")
    assert "the customer asked for it" in note
    assert "careful/receipt" in note
    assert f"hall of {ONE}" not in ann.get(f"{page}/readings?stream=up/clip")
    world.clock.advance(timedelta(seconds=1))
    house.say("up/clip", ONE, zone="still hers", seconds=4)
    assert "still hers" in ann.get(f"{page}/readings?stream=up/clip")
    passed = ann.post(f"{page}/pass-on", page)
    assert "the device got another owner" in passed.text
    assert ann.client.get("/my").text.count("You claimed a device before") == 1  # her session is over
    assert ann.client.get(page).status_code == 303
    assert not devices.owner_contacts(world, [ONE])
    ben = browser(house)
    world.clock.advance(timedelta(seconds=1))
    assert ben.claim(ONE, house.codes[ONE], BEN) == page  # with the code anew
    seen = ben.get(f"{page}/readings?stream=up/clip")
    assert "hers" not in seen
    assert "Nothing yet" in ben.get(page)
    whole = [
        entry for one in ("owners.claimed", "owners.claim_ended", "owners.signed_in") for entry in events(world, one)
    ]
    assert len(whole) == 5
    assert ANN not in str(whole)


def test_two_owners_never_meet(house):
    ann, ben = browser(house), browser(house)
    ann.claim(ONE, house.codes[ONE], ANN)
    ben.claim(TWO, house.codes[TWO], BEN)
    hers = ann.post(f"/my/devices/{ONE}/copy", f"/my/devices/{ONE}").headers["location"].rpartition("/")[2]
    mine = f"/my/devices/{TWO}"
    token = ben.csrf(mine)
    tried = 0
    for route in my.routes(house.world, None):  # every route that names a device, with hers, and hers under his
        for device, request in ((ONE, hers), (TWO, hers), ("nobody", hers)):
            if "{device}" not in route.path or (device == TWO and "{request}" not in route.path):
                continue
            path = route.path.format(device=device, request=request)
            if "POST" in route.methods:
                answer = ben.post(
                    path, csrf=token, stream="up/clip", at="2026-11-02T09:00:00Z", field="zone", value="x"
                )
            else:
                answer = ben.client.get(path, params={"stream": "up/clip"})
            assert answer.status_code == 404, path
            assert f"hall of {ONE}" not in answer.text
            tried += 1
    assert tried >= 25
    assert "hall of" in ann.get(f"/my/devices/{ONE}/readings?stream=up/clip")  # nothing of hers was changed
    assert [one.outcome for one in customer_data.requests_of(house.world, device=ONE)] == ["answered"]
    assert ann.post("/my/claim", device=TWO, code=house.codes[TWO]).status_code == 409  # it is somebody's


def test_the_answer_is_the_same_for_an_address_that_nobody_has(house):
    ann = browser(house)
    ann.claim(ONE, house.codes[ONE], ANN)
    other = browser(house)
    answers = []
    for address in (ANN, "nobody@example.org", "nobody@example.org", "nobody@example.org", "nobody@example.org"):
        sent = other.post("/my/ask", "/my", email=address)
        answers.append((sent.status_code, re.sub(r'value="[0-9a-f]+"', "", sent.text)))
    assert len(set(answers)) == 1
    with house.world.look() as connection:
        assert outbox.counts(connection)["waiting"] == 1 + 3  # the fourth within a quarter of an hour is not sent
    before = len(house.mailbox.messages())
    assert other.link("nobody@example.org") == ""
    assert len(house.mailbox.messages()) == before + 1
    assert other.post("/my/ask", "/my", email="no address").status_code == 400
    for _ in range(8):
        last = other.post("/my/ask", "/my", email=f"a{_}@example.org")
    assert last.status_code == 429  # one source asks no more for a while, whoever it asks for
    assert "Wait" in last.text


def test_a_link_works_once_in_time_and_in_the_browser_that_asked(house):
    world, ann, thief = house.world, browser(house), browser(house)
    ann.claim(ONE, house.codes[ONE], ANN)
    ann.post("/my/end", "/my")
    assert "You claimed a device before" in ann.get("/my")
    ann.post("/my/ask", "/my", email=ANN)
    link = ann.link(ANN)
    assert "only in the browser in which you asked" in thief.get(link)
    thief.get("/my")
    assert thief.post(link).status_code == 404
    assert "Open it" in ann.get(link)
    opened = ann.post(link)
    assert (opened.status_code, opened.headers["location"]) == (303, "/my")
    cookie = next(one for one in opened.headers.get_list("set-cookie") if "owner" in one)
    for flag in ("__Host-careful-owner=", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert flag in cookie
    again = browser(house)
    again.client.cookies = ann.client.cookies
    ann.post("/my/end", "/my")
    assert again.client.get(f"/my/devices/{ONE}").status_code == 303  # the cookie is worth nothing any more
    late = browser(house)
    late.post("/my/ask", "/my", email=ANN)
    link = late.link(ANN)
    world.clock.advance(timedelta(minutes=16))
    assert late.post(link).status_code == 404
    late.come_back(ANN)
    world.clock.advance(timedelta(minutes=14))
    late.get("/my")
    world.clock.advance(timedelta(minutes=14))
    late.get(f"/my/devices/{ONE}")
    world.clock.advance(timedelta(minutes=16))
    assert late.client.get(f"/my/devices/{ONE}").status_code == 303  # idle
    assert owners.sweep(world) > 0
    assert owners.sweep(world) == 0


def test_forms_from_elsewhere_are_not_believed(house):
    ann = browser(house)
    ann.claim(ONE, house.codes[ONE], ANN)
    page = f"/my/devices/{ONE}"
    token = ann.csrf(page)
    for headers in (
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {},
        {"origin": "https://evil.example"}, {"sec-fetch-site": "same-origin", "origin": "null"},
    ):  # fmt: skip
        answer = ann.client.post(f"{page}/pass-on", data={"csrf": token}, headers=headers)
        assert answer.status_code == 403, headers
    assert ann.post(f"{page}/pass-on", csrf="").status_code == 403
    assert ann.post(f"{page}/pass-on", csrf="0" * 64).status_code == 403
    assert ann.client.get(page).status_code == 200
    fine = ann.client.post(f"{page}/copy", data={"csrf": token}, headers={"origin": "https://hearth.example"})
    assert fine.status_code == 303
    headers = ann.client.get(page).headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")
    assert "set-cookie" not in ann.client.get("/").headers


def test_guessing_is_stopped_and_told(house):
    ann = browser(house)
    for _ in range(5):
        wrong = ann.post("/my/claim", device=ONE, code="aaaa-bbbb-cccc-dddd", email=ANN)
        assert wrong.status_code == 403
        unknown = ann.post("/my/claim", device="nobody", code=house.codes[ONE], email=ANN)
        assert unknown.text == wrong.text
    assert ann.post("/my/claim", device=ONE, code=house.codes[ONE], email=ANN).status_code == 429
    house.world.clock.advance(timedelta(minutes=16))
    for number in range(20):
        ann.client = browser(house).client
        with pytest.raises(Exception, match="not on that device"):
            ownership.ask_claim(house.world, ONE, "aaaa", ANN, "b", f"203.0.113.{number}")
    assert len(events(house.world, "owners.guessing_stopped")) == 1
    assert not [one for one in house.mailbox.messages() if one["To"] == ANN]


@pytest.mark.parametrize("ending", ["transfer", "reset", "unsubscribe", "replaced", "forgotten"])
def test_what_ends_a_claim_ends_it_at_once(house, ending):
    world, ann = house.world, browser(house)
    ann.claim(ONE, house.codes[ONE], ANN)
    world.clock.advance(timedelta(seconds=1))
    match ending:
        case "transfer":
            customer_data.transfer(world, OPERATOR, ONE)
        case "reset":
            customer_data.end_customer(world, OPERATOR, ONE, "reset")
        case "unsubscribe":
            devices.unsubscribe(world, devices.owner_contacts(world, [ONE])[0].unsubscribe_token)
        case "replaced":
            devices.set_owner(world, OPERATOR, ONE, BEN)
        case _:
            devices.forget_owner(world, OPERATOR, ONE)
    assert ann.client.get(f"/my/devices/{ONE}").status_code == 404
    assert ownership.end_stale(world) == 1
    assert ownership.end_stale(world) == 0
    world.clock.advance(timedelta(seconds=1))
    ben = browser(house)
    ben.claim(ONE, house.codes[ONE], BEN)
    assert "hall of" not in ben.get(f"/my/devices/{ONE}/readings?stream=up/clip")  # never the former owner's
    assert ownership.progress(world, ONE)[0][1].state == "done"


def test_a_second_device_needs_only_its_code(house):
    ann = browser(house)
    ann.claim(ONE, house.codes[ONE], ANN)
    assert ann.post("/my/claim", device=TWO, code=house.codes[TWO]).status_code == 303
    assert {ONE, TWO} == {one.device for one in owners.claims(house.world)}
    assert [one.email for one in devices.owner_contacts(house.world, [TWO])] == [ANN]
    again = browser(house)
    assert again.post("/my/ask", "/my", email=f" {ANN.upper()} ").status_code == 200
    assert again.post(again.link(ANN)).headers["location"] == "/my"
    assert TWO in again.get("/my")
