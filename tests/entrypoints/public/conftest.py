"""The public site under test: a village whose camera has a page, and a visitor without cookies or scripts."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient
from village import STAFF, Village

from careful import products
from careful.entrypoints.public.app import create_app
from careful.kernel.settings import Settings
from careful.kernel.work import World


class Visitor:
    """Somebody who reads the site of a village."""

    def __init__(self, village: Village, **settings: str) -> None:
        given = Settings(data=village.world.home, maker_name="Hearth Devices", **settings)
        self.world = replace(village.world, settings=given)
        village.world = self.world
        self.client = TestClient(
            create_app(self.world), base_url=given.public_url, follow_redirects=False, raise_server_exceptions=False
        )

    def open(self, path: str, status: int = 200, **headers: str) -> str:
        """Return the text of an answer that has this status."""
        answer = self.get(path, **headers)
        assert answer.status_code == status, answer.text
        return answer.text

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def village(world: World, tmp_path: Path) -> Village:
    """A maker who has nothing yet."""
    folder = tmp_path / "given"
    folder.mkdir()
    return Village(world, folder)


@pytest.fixture
def visitor(village: Village) -> Visitor:
    """A visitor of a site with nothing on it."""
    return Visitor(village)


@pytest.fixture
def on_sale(village: Village, visitor: Visitor) -> Village:
    """The camera has its page and one release, and the feeds are fresh."""
    village.declare()
    village.ship("1.0.0")
    village.hear()
    products.publish_page(village.world, STAFF, "cam-1")
    return village


@pytest.fixture
def told(village: Village, visitor: Visitor) -> Village:
    """The camera has its page, a known flaw, a fix and a public notice."""
    village.published()
    products.publish_page(village.world, STAFF, "cam-1")
    return village
