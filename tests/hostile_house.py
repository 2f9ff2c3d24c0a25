"""A whole house to break into: console, API and public site served for real, with staff, devices, a flaw, a notice."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import persons
import uvicorn
from village import EXAMPLES, FLEET, NEW, OLD, STAFF, Village

from careful import notices, people, products, releases, updates, vulnerabilities
from careful.entrypoints.api.app import create_api
from careful.entrypoints.console.app import create_app
from careful.entrypoints.public.app import create_app as public_site
from careful.entrypoints.web import page_config
from careful.kernel.clock import ManualClock, iso
from careful.kernel.settings import Settings
from careful.kernel.work import World

MARK = "Zx9"
"""What is looked for: the payload's own word, in text and as an attribute."""
PAYLOAD = f"{MARK}'\"><img src=x data-{MARK} onerror=alert(1)><svg onload=alert(2)></svg>{{{{7*7}}}}"
_IN_HTML = re.compile(rf"<img src=x data-{MARK}|<svg onload", re.IGNORECASE)
LINK = f"javascript:alert('{MARK}')"


@dataclass
class House:
    """Where everything is."""

    world: World
    village: Village
    clock: ManualClock
    console: str
    public: str
    ann: persons.Person
    roles: dict[str, persons.Person] = field(default_factory=dict)

    def browser(self, person: persons.Person | None = None) -> httpx.Client:
        """Return somebody's browser; without a person, a stranger's."""
        cookies = {"careful": (person or self.ann).cookie} if person else {}
        return httpx.Client(base_url=self.console, cookies=cookies, follow_redirects=False, timeout=30)

    def token(self, *scopes: str) -> str:
        """Return a new API token."""
        return people.issue_token(self.world, people.actor_of(self.ann.session), "test", scopes, 1)


@contextlib.contextmanager
def served(world: World, **settings: Any) -> Iterator[World]:
    """Serve console with API and public site on free ports, by the very configuration that `careful up` uses."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [one.getsockname()[1] for one in listeners]
    given = Settings(data=world.home, console_port=ports[0], public_port=ports[1], **settings)
    here = replace(world, settings=given)
    apps = [create_app(here, api=create_api(here)), public_site(here)]
    running = []
    for app, port, listener in zip(apps, ports, listeners, strict=True):
        server = uvicorn.Server(page_config(here, app, port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
    try:
        yield here
    finally:
        for server, _ in running:
            server.should_exit = True
        for _, thread in running:
            thread.join()


def furnish(world: World, clock: ManualClock, folder: Path, *, marked: bool) -> House:
    """Fill a house; `marked`: every text that anybody can give carries the payload, as far as the door takes it."""
    said = PAYLOAD if marked else "something"
    folder.mkdir(exist_ok=True)
    village = Village(world, folder)
    link = people.first_link(world)
    ann = persons.enrol(world, clock, link, name=f"Ann {said}"[:80])
    declaration = (EXAMPLES / "products" / "cam-1" / "product.yaml").read_text()
    name = f"Cam {MARK} <img src=x data-{MARK} onerror=alert(1)>" if marked else "Hearth Cam 1"
    use = "Watch the inside of one's own home, live or after something moved."
    for before, after in (("name: Hearth Cam 1\n", f"name: {json.dumps(name)}\n"), (use, json.dumps(f"{use} {said}"))):
        declaration = declaration.replace(before, after)
    products.declare(world, STAFF, declaration.encode())
    products.approve(world, STAFF, "cam-1")
    village.ship(OLD, "pillow==10.0.0")
    if marked:
        _strange_parts(village)
    village.hear()
    village.run(OLD, *FLEET)
    village.own(cam_1_001="kim@example.com", cam_1_002="kim@example.com")
    village.found()
    case = village.case()
    one = vulnerabilities.judge(world, STAFF, case.id, "affected", None, action=f"Update to {NEW}. {said}")
    if one.proposal:
        vulnerabilities.confirm(world, people.actor_of(ann.session), one.id)
    village.ship(NEW, "pillow==10.0.1")
    village.found()
    draft = notices.draft(world, STAFF, case.id, summary=f"Update your {name} now.", action="Open the app. Tap Update.")
    notices.publish(world, STAFF, draft.id)
    products.publish_page(world, STAFF, "cam-1")
    updates.start_rollout(world, STAFF, "cam-1", NEW, waves=("all",))
    updates.advance(world)
    return House(world, village, clock, world.settings.console_url, world.settings.public_url, ann)


def _strange_parts(village: Village) -> None:
    """Ship a release whose SBOM and feeds come from somebody who means ill."""
    world, folder = village.world, village.folder
    image = folder / "strange.img"
    image.write_bytes(b"strange" * 999)
    component = {
        "type": "library", "name": PAYLOAD, "version": f"1.0{PAYLOAD}", "purl": "pkg:pypi/strange@1.0",
        "description": PAYLOAD, "publisher": PAYLOAD, "licenses": [{"license": {"name": PAYLOAD}}],
        "externalReferences": [{"type": "website", "url": LINK}],
    }  # fmt: skip
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [component]}
    releases.add(world, STAFF, "cam-1", "1.0.0-strange", image, json.dumps(sbom).encode(), ("rev-a",), ())
    record = {
        "id": "GHSA-zzzz-zzzz-zzzz", "modified": iso(world.clock.now()), "summary": PAYLOAD, "details": PAYLOAD,
        "aliases": ["CVE-2099-99999"], "references": [{"type": "WEB", "url": LINK}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "pillow"},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "10.0.1"}]}]}],
    }  # fmt: skip
    path = folder / "strange.json"
    path.write_text(json.dumps(record))
    vulnerabilities.import_feed(world, STAFF, path, as_of=world.clock.now())


class _Forms(HTMLParser):
    """Collects links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[dict[str, Any]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(
                {"action": given.get("action", ""), "method": given.get("method", "get"), "fields": [], "texts": []}
            )
        elif self.forms and tag in {"input", "textarea", "button"} and given.get("name"):
            kind = given.get("type", "text") if tag == "input" else tag
            if kind in {"text", "search", "email", "url", "textarea"}:
                self.forms[-1]["texts"].append(given["name"])
            elif kind not in {"checkbox", "radio"} or "checked" in given:
                self.forms[-1]["fields"].append((given["name"], given.get("value", "")))
        elif self.forms and tag == "select":
            self._select = given.get("name", "")
        elif self.forms and tag == "option" and self._select and given.get("value"):
            self.forms[-1]["fields"].append((self._select, given["value"]))
            self._select = ""


def read(text: str) -> _Forms:
    """Return links and forms of a page."""
    found = _Forms()
    found.feed(text)
    return found


def is_broken(text: str) -> bool:
    """Tell whether the payload stands in a page as markup."""
    return bool(_IN_HTML.search(text)) or f'href="{LINK}' in text or f'href="{unescape(LINK)}' in text


def kind_of(path: str) -> str:
    """Return a path with what looks like an id taken out, to tell one sort of page from another."""
    plain = urlsplit(path).path
    names = ("cam-1", OLD, NEW, *FLEET)
    parts = ["*" if part in names or re.search(r"\d|%", part) or len(part) > 24 else part for part in plain.split("/")]
    return "/".join(parts)


def crawl(client: httpx.Client, *starts: str, most: int = 2) -> dict[str, httpx.Response]:
    """Open every page that links lead to, of each sort `most`; return the pages by address."""
    waiting, seen, kinds, pages = list(starts), set(starts), dict[str, int](), dict[str, httpx.Response]()
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kinds.get(kind, 0) >= most:
            continue
        answer = client.get(path, follow_redirects=True)
        kinds[kind] = kinds.get(kind, 0) + 1
        pages[path] = answer
        if "html" not in answer.headers.get("content-type", ""):
            continue
        for link in read(answer.text).links:
            parts = urlsplit(urljoin(str(answer.url), link))
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            if f"{parts.scheme}://{parts.netloc}" == str(client.base_url).rstrip("/") and target not in seen:
                seen.add(target)
                waiting.append(target)
    return pages


def later(house: House, **by: float) -> None:
    """Let time pass."""
    house.clock.advance(timedelta(**by))
