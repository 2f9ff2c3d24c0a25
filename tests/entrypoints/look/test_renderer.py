"""The renderer: strict about names, escaping everything; and one gallery of all components, well made and narrow."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError, nodes
from sites import CHROMIUM, faults, look_at, narrow_browser, serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from careful.entrypoints.look import LookRenderer, asset, charts, query, renderer, static, templates
from careful.kernel.database import Database
from careful.kernel.errors import Invalid, NotFound, Problem
from careful.kernel.reconcile import StepStatus
from careful.kernel.work import World

HERE = Path(__file__).parent
LOOK = Path(renderer.__file__).parent
TEMPLATES = sorted(str(path.relative_to(LOOK / "templates")) for path in (LOOK / "templates").rglob("*.html"))
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=\"alert('1')\">"
# What both sites allow at most; a gallery that needs more would need a hole in their policies.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database without tables: pages are rendered from what they are given."""
    made = Database("", tmp_path)
    yield made
    made.close()


@pytest.fixture
def look(world: World) -> LookRenderer:
    return templates(world)


@pytest.fixture
def request_() -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""})


def gallery(look: LookRenderer, request: Request, now: datetime) -> HTMLResponse:
    """Render every component with made-up data, some of it hostile."""
    states = [("active", "met"), ("quarantined", "not met"), ("made", "unknown"), ("retired", "not applicable")]
    context = {
        "hostile": HOSTILE,
        "steps": [
            ("Heard", StepStatus("done", "KEV lists CVE-2024-23334.", now - timedelta(days=2))),
            ("On its way", StepStatus("now", "11 of 18 updated; wave 2 of 3.", now - timedelta(minutes=20))),
            ("Told", StepStatus("blocked", HOSTILE)),
            ("Closed", StepStatus("waiting", "When nothing is left.")),
        ],
        "parts": [charts.Part(HOSTILE, 11, "/devices?version=1.0.1"), charts.Part("silent", 3, unknown=True)],
        "points": [(now - timedelta(hours=1), {"fixed": 0, HOSTILE: 2}), (now, {"fixed": 11, HOSTILE: 3})],
        "columns": [
            SimpleNamespace(label="Device", num=False, href="?sort=device", sorted="ascending"),
            SimpleNamespace(label="State", num=False, href="", sorted=""),
            SimpleNamespace(label=HOSTILE, num=False, href="?sort=verdict", sorted=""),
            SimpleNamespace(label="Count", num=True, href="?sort=count", sorted="descending"),
        ],
        "states": [*states, ("a state nobody knows", "a verdict nobody knows")],
        "lines": [
            SimpleNamespace(at=now, says=HOSTILE, href="/x", by="ann", seq=1234, weighty=True),
            SimpleNamespace(at=now, says="Said.", href="", by=HOSTILE, seq=1, weighty=False),
        ],
    }
    page = look.environment.from_string((HERE / "gallery.html").read_text())
    session = SimpleNamespace(csrf="c" * 64, account=SimpleNamespace(name=HOSTILE), may=lambda *_: False)
    request.state.session = session
    given = {"request": request, "session": session, "csrf": session.csrf, "now": now, "here": "/x", "nonce": "n"}
    return HTMLResponse(page.render(given | context))


def test_the_gallery_is_well_made(look: LookRenderer, request_: Request, world: World):
    page = gallery(look, request_, world.clock.now()).body.decode()
    assert faults(page) == []
    assert "<img" not in page
    assert HOSTILE not in page


def test_the_gallery_shows_every_component(look: LookRenderer):
    used = set(re.findall(r"\bui\.(\w+)", (HERE / "gallery.html").read_text()))
    # The mark of a step is drawn by the flow, a plain mark by all others; the logo stands in the layout.
    assert used | {"step_mark", "mark", "logo"} == set(vars(look.environment.globals["ui"]))


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium")
def test_the_gallery_fits_a_narrow_screen_under_a_strict_policy(look: LookRenderer, world: World):
    async def shown(request: Request) -> Response:
        page = gallery(look, request, world.clock.now())
        page.headers["content-security-policy"] = POLICY
        return page

    with serving(Starlette(routes=[Route("/", shown), static()])) as address, narrow_browser() as page:
        assert look_at(page, f"{address}/") == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_understood(look: LookRenderer, name: str):
    source = (LOOK / "templates" / name).read_text()
    parsed = look.environment.parse(source)
    look.environment.get_template(name)
    for wanted in parsed.find_all((nodes.Extends, nodes.Include, nodes.Import)):
        if isinstance(wanted.template, nodes.Const):
            assert wanted.template.value in TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_turns_escaping_off_for_what_it_is_given(name: str):
    source = (LOOK / "templates" / name).read_text()
    safe = re.findall(r"\{\{([^}]*)\|\s*safe", source)
    assert safe in ([], [" _shapes[kind]"]), "only our own drawings are safe"
    assert "autoescape" not in source


def test_a_name_that_nobody_gave_is_an_error(look: LookRenderer, request_: Request):
    with pytest.raises(UndefinedError, match="'refusal' is undefined"):
        look.page(request_, "error.html", layout="public_base.html", maker="Hearth")


@pytest.mark.parametrize("layout", ["base.html", "public_base.html"])
@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(NotFound("There is no such page."), id="plain"),
        pytest.param(NotFound(HOSTILE, do=HOSTILE, where=HOSTILE), id="hostile"),
        pytest.param(
            Invalid("Two fields are wrong.", problems=(Problem(where=HOSTILE, line=3, expected="a date", found="x"),)),
            id="with problems",
        ),
    ],
)
def test_a_refusal_is_a_page(look: LookRenderer, request_: Request, refusal, layout: str):
    look.environment.globals["maker"] = HOSTILE
    answer = look.error(request_, refusal, layout=layout)
    assert answer.status_code == refusal.status
    assert faults(answer.body.decode()) == []
    assert HOSTILE not in answer.body.decode()


def test_filters_know_the_world_s_clock(look: LookRenderer, world: World, clock):
    at = world.clock.now()
    show = look.environment.from_string("{{ at|ago }} {{ at|left }} {{ until|years_left }}").render
    clock.advance(timedelta(hours=3))
    assert re.sub("<[^>]*>", "", show(at=at, until=date(2028, 11, 3))) == "3 h ago 3 h late 2 years left"


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        pytest.param({}, "/check", id="nothing said"),
        pytest.param({"model": "HC-100"}, "/check?model=HC-100", id="one"),
        pytest.param({"model": "", "after": None, "page": 0}, "/check?page=0", id="empty is not said, 0 is"),
        pytest.param({"model": "a&b=c#d é"}, "/check?model=a%26b%3Dc%23d+%C3%A9", id="hostile"),
    ],
)
def test_addresses(parts, address: str):
    assert query("/check", **parts) == address


def test_static_files_are_kept_when_asked_for_by_digest():
    client = TestClient(Starlette(routes=[static()]))
    address = asset("tokens.css")
    assert re.fullmatch(r"/static/tokens\.css\?v=[0-9a-f]{12}", address)
    kept = client.get(address)
    assert (kept.status_code, kept.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert client.get("/static/tokens.css").headers["cache-control"] == "no-cache"
    again = client.get(address, headers={"if-none-match": kept.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/", "/static/nothing.css", "/static/..%2frenderer.py", "/static/%00"])
def test_nothing_else_is_served(path: str):
    assert TestClient(Starlette(routes=[static()])).get(path).status_code == 404


def test_an_asset_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        asset("nothing.css")


def test_every_style_sheet_refers_to_files_that_are_there():
    for path in (LOOK / "static").glob("*.css"):
        for wanted in re.findall(r"url\(\s*['\"]?([^)'\"]+)", path.read_text()):
            assert wanted.startswith(("data:", "#")) or (LOOK / "static" / wanted.removeprefix("/static/")).exists()
