"""Script in every text that anybody can give: on no page of ours does it become anything but text."""

import hostile_house as houses
import pytest
from hostile_house import MARK, PAYLOAD, House, crawl, is_broken, read
from playwright.sync_api import sync_playwright
from sites import ARGUMENTS, CHROMIUM

from careful import devices
from careful.kernel.errors import Invalid

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
_LISTEN = """
window.__heard = [];
document.addEventListener("securitypolicyviolation", (e) => __heard.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def plant(house: House) -> int:
    """Fill in every form of every page with the payload; return how many were taken."""
    taken = 0
    with house.browser(house.ann) as client:
        pages = crawl(client, "/", "/settings", most=1)
        origin = {"origin": house.console, "sec-fetch-site": "same-origin"}
        sent = set()
        for page in pages.values():
            for form in read(page.text).forms:
                where = form["action"] or str(page.url.path)
                if form["method"] != "post" or not form["texts"] or houses.kind_of(where) in sent:
                    continue
                sent.add(houses.kind_of(where))
                fields = dict(form["fields"]) | dict.fromkeys(form["texts"], PAYLOAD)
                answer = client.post(where, data=fields, headers=origin)
                assert answer.status_code < 500, f"{where}: {answer.text[:400]}"
                assert not is_broken(answer.text), f"the refusal of {where} is broken"
                taken += answer.status_code == 303
        house.ann.cookie = client.cookies.get("careful") or house.ann.cookie
    return taken


def test_no_page_makes_markup_of_what_somebody_typed(marked: House) -> None:
    world = marked.world
    with pytest.raises(Invalid):  # a device has no way to say such a thing
        devices.report_version(world, "cam-1-002", f"9.9{PAYLOAD}"[:64], "ddi")
    assert plant(marked) >= 3
    with marked.browser(marked.ann) as staff, marked.browser() as visitor:
        visitor.base_url = marked.public
        inside = crawl(staff, "/", "/settings", f"/devices?find={PAYLOAD}", f"/vulnerabilities?find={PAYLOAD}")
        outside = crawl(visitor, "/", f"/check?model={PAYLOAD}&version={PAYLOAD}", f"/p/{PAYLOAD}", "/nothing")
        for path, page in [*inside.items(), *outside.items()]:
            assert page.status_code < 500, path
            if "html" in page.headers.get("content-type", ""):
                assert not is_broken(page.text), path
                assert "49" not in page.text.replace("{{7*7}}", "") or f"{MARK}'\">49" not in page.text, path
    showing = [path for path, page in inside.items() if MARK in page.text]
    assert len(showing) >= 12, showing  # or this test would prove nothing
    assert any(MARK in page.text for page in outside.values())
    _walk(marked, [*inside], [*outside])


def _walk(house: House, inside: list[str], outside: list[str]) -> None:
    """Open the pages in Chromium; hear dialogs, violations of the policy, and errors of our own scripts."""
    heard: list[str] = []
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = browser.new_context()
        context.add_cookies([{"name": "careful", "value": house.ann.cookie, "url": house.console}])
        context.add_init_script(_LISTEN)
        page = context.new_page()
        page.on("dialog", lambda one: (heard.append(f"dialog on {page.url}"), one.dismiss()))
        page.on("pageerror", lambda one: heard.append(f"{page.url}: {one}"))
        for site, paths in ((house.console, inside), (house.public, outside)):
            for path in paths:
                if "." in path.rsplit("/", 1)[-1].split("?")[0] and "/p/" not in path and "/releases/" not in path:
                    continue  # a file to be saved
                try:
                    page.goto(site + path, wait_until="domcontentloaded")
                except Exception as failure:  # noqa: BLE001 (a download is no page)
                    assert "Download" in str(failure), path  # noqa: PT017 (what was not a download is a fault)
                    continue
                heard += [f"{path}: {one}" for one in page.evaluate("window.__heard || []")]
                strange = page.evaluate(f"document.querySelectorAll('[data-{MARK.lower()}], svg[onload]').length")
                assert strange == 0, path
        browser.close()
    assert heard == []
