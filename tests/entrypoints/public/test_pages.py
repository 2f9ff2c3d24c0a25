"""What owners read: calm when it is calm, what to do first when it is not, and nothing that is not true."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sites import CHROMIUM, faults, look_at, narrow_browser, serving
from starlette.requests import Request
from village import NEW, OLD, STAFF, Village

from careful import devices, notices, products, vulnerabilities
from careful.entrypoints.public.app import create_app
from careful.entrypoints.public.pages import _typed
from careful.kernel import ledger

NOTICE = "CAREFUL-2026-0001"
EXAMPLES = Path(__file__).parents[3] / "examples" / "products"
HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7*7 }}", "a&b=c#d"]


def read(visitor, path: str, status: int = 200, **asked: str) -> str:
    """Open a page, see that it is well made, and return its words as one line."""
    answer = visitor.client.get(path, params=asked or None)
    assert answer.status_code == status, answer.text
    assert faults(answer.text) == []
    return words(answer.text)


def words(html: str) -> str:
    body = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub("<[^>]*>", " ", "<" + body)).split()).replace(" .", ".").replace(" ,", ",")


def test_the_start_when_nothing_is_there(visitor):
    assert "No product has a page here yet." in read(visitor, "/")


def test_the_start_lists_what_has_a_page(visitor, on_sale: Village):
    on_sale.declare("lock-1")
    found = read(visitor, "/")
    assert "Hearth Cam 1 Model HC-100. Security updates until 31 December 2032." in found
    assert "Hearth Lock" not in found
    assert "something to do" not in found
    on_sale.later(days=365 * 7)
    assert "Security updates ended on 31 December 2032." in read(visitor, "/")


def test_a_calm_product(visitor, on_sale: Village):
    found = read(visitor, "/p/HC-100")
    assert "All right There is nothing you need to do today." in found
    assert "This is true of version 1.0.0, the newest. Does yours run an older one? Check it." in found
    assert "Security updates until 31 December 2032 6 years 1 month left" in found
    assert (
        "The device updates itself. You can put an update off. It restarts once for each update. "
        "We promise an update at least every 60 days." in found
    )
    assert "pictures of your home show the owner what moved nobody else 14 days" in found
    assert "and when this happens: motion started, motion ended, cover closed." in found
    assert "There are no notices for this device." in found


def test_not_calm_while_we_cannot_know(visitor, on_sale: Village):
    on_sale.later(hours=25)
    found = read(visitor, "/p/HC-100")
    assert "Not checked today We have not been able to check for new flaws in the last day." in found
    assert "nothing you need to do" not in found


@pytest.mark.parametrize("name", ["HC-100", "hc-100", "cam-1", "CAM-1"])
def test_a_product_by_any_of_its_names(visitor, on_sale: Village, name: str):
    assert "Hearth Cam 1 Model HC-100" in read(visitor, f"/p/{name}")


@pytest.mark.parametrize("name", ["lock-1", "Toaster", "x" * 3000, "%00", "a/b", "..%2fcheck", "%3Cb%3E"])
def test_a_product_that_has_no_page(visitor, on_sale: Village, name: str):
    on_sale.declare("lock-1")
    found = read(visitor, f"/p/{name}", 404)
    assert "Not found We make no model called" in found
    assert len(found) < 300


def test_a_name_with_signs_in_it_is_found_again(visitor, village: Village):
    text = (EXAMPLES / "cam-1" / "product.yaml").read_text().replace("[HC-100]", "['HC 100/B?&#é\"']")
    products.declare(village.world, STAFF, text.encode())
    products.approve(village.world, STAFF, "cam-1")
    products.publish_page(village.world, STAFF, "cam-1")
    found = visitor.open("/")
    (link,) = re.findall(r'href="(/p/[^"]*)"', found)
    assert 'Hearth Cam 1 Model HC 100/B?&#é"' in read(visitor, unescape(link))
    (check, *_) = re.findall(r'href="(/check\?[^"]*)"', visitor.open(unescape(link)))
    assert 'value="HC 100/B?&amp;#é&#34;"' in visitor.open(unescape(check))


def test_something_to_do_comes_first(visitor, told: Village):
    one = notices.advisory(told.world, NOTICE)
    assert "There is something to do" in read(visitor, "/")
    found = read(visitor, "/p/HC-100")
    assert found.startswith(f"Hearth Cam 1 Model HC-100 What to do {one.action} {one.summary} Read the notice {NOTICE}")
    assert f"version {OLD} · mended in version {NEW}" in found


def test_calm_again_when_the_case_is_closed(visitor, told: Village):
    told.run(NEW, "cam-1-001", "cam-1-002", "cam-1-003")
    notices.tell_owners(told.world, STAFF, NOTICE)
    vulnerabilities.close(told.world, STAFF, told.case().id)
    found = read(visitor, "/p/HC-100")
    assert f"There is nothing you need to do today. This is true of version {NEW}, the newest." in found
    assert f"mended in version {NEW}" in found  # the notice stays
    assert "There is something to do" not in read(visitor, "/")


def test_the_open_notice_leads_and_the_others_are_counted(visitor, told: Village):
    other = told.judge(flaw="CVE-2023-50447")
    notices.publish(told.world, STAFF, notices.draft(told.world, STAFF, other.id).id)
    found = read(visitor, "/p/HC-100")
    assert "1 more notice is open; see all notices for this device." in found
    assert f"mended in version {NEW}" in found


def test_support_that_ended(visitor, told: Village):
    told.later(days=365 * 7)
    found = read(visitor, "/p/HC-100")
    assert "Support ended Security updates ended on 31 December 2032. We mend no more security flaws in it." in found
    assert "There are no more updates." in found
    assert "left" not in found
    assert "You can put" not in found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            [("automatic_updates: true", "automatic_updates: false"), ("restart: true", "restart: false")],
            "You start each update yourself. It need not restart for that.",
            id="by the owner",
        ),
        pytest.param(
            [("  user_can_postpone: true\n", ""), ("  restart: true\n", "")],
            "The device updates itself. We promise",
            id="blank",
        ),
        pytest.param([("cadence_days: 60", "cadence_days: 1")], "at least every 1 day.", id="daily"),
    ],
)
def test_how_updates_work(visitor, village: Village, change: list[tuple[str, str]], says: str):
    text = (EXAMPLES / "cam-1" / "product.yaml").read_text()
    for before, after in change:
        text = text.replace(before, after)
    products.declare(village.world, STAFF, text.encode())
    products.approve(village.world, STAFF, "cam-1")
    products.publish_page(village.world, STAFF, "cam-1")
    assert says in read(visitor, "/p/cam-1")


@pytest.mark.parametrize("product", ["cam-1", "lock-1", "plug-1"])
def test_every_example_has_its_page(visitor, village: Village, product: str):
    village.declare(product)
    products.publish_page(village.world, STAFF, product)
    found = read(visitor, f"/p/{product}")
    assert "Newest version none yet" in found
    assert "None" not in found


def test_check_asks_first(visitor, on_sale: Village):
    found = read(visitor, "/check")
    assert found.startswith("Check my device Model, as on the label Version, as the device or its app shows it Check")
    assert "Not known" not in found
    assert 'value="HC-100" maxlength' in visitor.open("/check?model=HC-100")


@pytest.mark.parametrize(
    ("model", "version", "says"),
    [
        pytest.param("HC-100", OLD, "Act now Keep your Hearth Cam 1 switched on and connected.", id="act"),
        pytest.param(" hc-100 ", f" {NEW} ", "All right There is nothing you need to do.", id="fine, as one types"),
        pytest.param("Hearth Cam 1", NEW, "All right", id="by the name on the box"),
        pytest.param("HC-100", "9.9", "Not known Check the version on the device or in its app", id="unknown version"),
        pytest.param("Toaster", "1.0", "Not known We make no model called 'Toaster'.", id="unknown model"),
        pytest.param("HC-100", "", "Not known Fill in both the model and the version.", id="no version"),
        pytest.param("", "1.0", "Not known Fill in both the model and the version.", id="no model"),
        pytest.param("\x00\x07", "\x1b[31m", "Not known Fill in both", id="control characters alone"),
    ],
)
def test_check_answers(visitor, told: Village, model: str, version: str, says: str):
    assert says in read(visitor, "/check", model=model, version=version)


def test_check_says_that_there_is_a_newer_version(visitor, on_sale: Village):
    on_sale.ship("1.1.0")
    assert "There is a newer version Keep the device switched on" in read(
        visitor, "/check", model="HC-100", version=OLD
    )
    on_sale.later(days=365 * 7)
    assert "Support ended" in read(visitor, "/check", model="HC-100", version="1.1.0")


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 5_000, "\u202e" * 100, "💥" * 100])
def test_check_shows_hostile_words_as_words(visitor, on_sale: Village, text: str):
    for asked in ({"model": text, "version": text}, {"model": "HC-100", "version": text}):
        answer = visitor.client.get("/check", params=asked)
        assert answer.status_code == 200
        assert faults(answer.text) == []
        assert "49" not in words(answer.text)
        assert len(answer.text) < 8000


@given(st.text(max_size=200))
def test_what_is_typed_is_short_and_can_be_shown(text: str):
    scope = {"type": "http", "query_string": urlencode({"model": text}, errors="replace").encode(), "headers": []}
    shown = _typed(Request(scope), "model")
    assert len(shown) <= 80
    assert shown.isprintable()
    assert shown == shown.strip()


def test_the_notices(visitor, told: Village):
    one = notices.advisory(told.world, NOTICE)
    found = read(visitor, "/advisories")
    assert f"{one.title} {one.action} {NOTICE} · 2 November 2026 · Hearth Cam 1, version {OLD}" in found


def test_no_notices(visitor):
    assert read(visitor, "/advisories").endswith("There are no notices.")


def test_a_notice_says_what_to_do_before_why(visitor, told: Village):
    one = notices.advisory(told.world, NOTICE)
    found = read(visitor, f"/advisories/{NOTICE.lower()}")
    assert found.index(one.action) < found.index(one.summary) < found.index("For experts")
    assert f"Versions with the flaw {OLD} Mended in version {NEW}" in found
    assert one.csaf_sha256 in found
    page = visitor.open(f"/advisories/{NOTICE}")
    for link in re.findall(r'<(?:a|link)[^>]* href="(/[^"]*)"', page):
        visitor.open(unescape(link))


def test_hostile_words_in_a_notice_stay_words(visitor, village: Village):
    text = "Keep your Hearth Cam 1 on. <script>alert(1)</script>"
    draft = notices.draft(village.world, STAFF, village.affected().id, title=text, summary=text, action=text)
    notices.publish(village.world, STAFF, draft.id)
    products.publish_page(village.world, STAFF, "cam-1")
    for path in ("/p/cam-1", "/advisories", f"/advisories/{draft.id}", "/check?model=HC-100&version=1.0.0"):
        page = visitor.open(path)
        assert faults(page) == []
        assert "<script" not in page


def test_report_says_whom_to_write_to(visitor, on_sale: Village):
    found = read(visitor, "/report")
    assert "Write to security@hearth.example." in found
    assert "Hearth Cam 1 help@hearth.example" in found
    assert 'href="mailto:help@hearth.example"' in visitor.open("/report")


def test_report_without_contacts_leaves_nothing_empty(visitor):
    found = read(visitor, "/report")
    assert "No security contact has been published yet." in found
    assert "question" not in found


def link_of(village: Village) -> str:
    return next(one for one in village.mails() if one["to"] == "kim@example.com")["unsubscribe"]


def test_unsubscribing_is_asked_then_done(visitor, told: Village):
    notices.tell_owners(told.world, STAFF, NOTICE)
    path = f"/unsubscribe/{link_of(told)}"
    for _ in range(2):  # mail scanners follow links
        assert "Stop security messages?" in read(visitor, path)
    assert len(devices.owner_contacts(told.world, ["cam-1-001", "cam-1-002"])) == 2
    for _ in range(2):  # people press twice
        answer = visitor.client.post(path, data={"List-Unsubscribe": "One-Click"})  # RFC 8058 section 3.1
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert faults(answer.text) == []
        assert "We have erased your e-mail address" in words(answer.text)
    assert devices.owner_contacts(told.world, ["cam-1-001", "cam-1-002"]) == []
    assert visitor.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ["x", "a.b", "%00.%00", "x" * 5000, "%ff", "é.é", "x."])
def test_a_link_that_is_not_ours(visitor, village: Village, token: str):
    with village.world.look() as connection:
        before = ledger.size(connection)
    answer = visitor.client.post(f"/unsubscribe/{token}")
    assert answer.status_code == 404
    assert "Copy the whole link from the e-mail." in answer.text
    with village.world.look() as connection:
        assert ledger.size(connection) == before


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_fits_a_narrow_screen_under_its_own_policy(visitor, told: Village):
    shown = [
        *("/", "/p/HC-100", "/check", "/advisories", f"/advisories/{NOTICE}", "/report", "/unsubscribe/x"),
        *(
            "/check?model=HC-100&version=1.0.0",
            f"/check?model={'W' * 80}&version={'W' * 80}",
            f"/check?model=HC-100&version={'W' * 80}",
        ),
        *(f"/p/{'W' * 300}", "/nothing"),
    ]
    with serving(create_app(visitor.world)) as address, narrow_browser() as page:
        assert {path: look_at(page, address + path) for path in shown} == {path: [] for path in shown}
