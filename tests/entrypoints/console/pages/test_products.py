"""Products on the console: declared, derived, approved, published, on sale."""

from pathlib import Path
from typing import Any

import pytest
import recordings
from click.testing import CliRunner
from village import EXAMPLES, STAFF, Village

from careful import people, products
from careful.entrypoints.cli import watch
from careful.kernel.actors import OPERATOR

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def declared(village: Village) -> Village:
    """A camera that was handed in, no more."""
    text = (EXAMPLES / "products" / "cam-1" / "product.yaml").read_bytes()
    products.declare(village.world, STAFF, text)
    return village


def test_without_products_the_page_names_the_command(browser: Any, secret: bytes) -> None:
    assert "careful init" in browser.open("/products").text


def test_from_declared_to_on_sale(browser: Any, secret: bytes, declared: Village) -> None:
    browser.open("/products/cam-1")
    assert "careful product approve cam-1" in browser.text
    assert browser.send("/products/cam-1/approve").headers["location"] == "/products/cam-1"
    assert "careful product publish cam-1" in browser.text
    browser.send("/products/cam-1/publish")
    assert "careful product on-sale cam-1" in browser.text
    browser.send("/products/cam-1/on-sale")
    assert "careful product on-sale cam-1" not in browser.text
    assert products.get(declared.world, "cam-1").stage == "on sale"
    assert "cam-1 was put on sale." in browser.text


def test_laws_streams_data_and_retention_follow(browser: Any, secret: bytes, declared: Village) -> None:
    derived = products.derive(products.get(declared.world, "cam-1").declaration, declared.world.clock.now().date())
    browser.open("/products/cam-1")
    for one in derived.laws:
        assert one.law.title in browser.text
        assert one.trace[0] in browser.text
    for name, fields in derived.streams.items():
        assert name in browser.text
        assert ", ".join(fields) in browser.text
    for row in derived.table:
        assert row.why in browser.text
    assert 'href="/devices?product=cam-1"' in browser.text


def test_what_recordings_showed_stands_beside_what_is_declared(
    browser: Any, secret: bytes, declared: Village, tmp_path: Path
) -> None:
    browser.open("/products/cam-1")
    assert "careful watch conform FILE --product cam-1" in browser.text
    assert "No recording of its traffic" in browser.text
    line = recordings.Line(server=recordings.CLOUD, port=443)
    frames = [*line.opened(), line.up(recordings.client_hello("api.tracker.example"))]
    (tmp_path / "lab.pcap").write_bytes(recordings.pcap(frames))

    class Parts:
        world = staticmethod(lambda: declared.world)

    arguments = ["conform", str(tmp_path / "lab.pcap"), "--product", "cam-1", "--release", "1.2.3"]
    done = CliRunner().invoke(watch.command, arguments, obj=Parts(), standalone_mode=False)
    assert done.return_value == 1
    browser.open("/products/cam-1")
    assert "0 % is declared" in browser.text
    assert "api.tracker.example" in browser.text
    assert "on release 1.2.3" in browser.text
    assert "never seen" in browser.text


@pytest.mark.parametrize("step", ["approve", "publish", "on-sale"])
def test_an_auditor_changes_nothing(browser: Any, secret: bytes, stranger: Any, declared: Village, step: str) -> None:
    stranger.enrol(people.invite(declared.world, OPERATOR, ("auditor",)), "bob@example.org", "Bob")
    stranger.open("/products/cam-1")
    assert "What you can do" not in stranger.text
    assert stranger.send(f"/products/cam-1/{step}").status_code == 403


def test_what_is_not_there(browser: Any, secret: bytes) -> None:
    assert browser.open("/products/none").status_code == 404
    assert "careful product list" in browser.text
