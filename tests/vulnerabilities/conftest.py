"""A maker with an approved camera, releases made of named components, feeds made of a few records."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flaws_sample import purls

from careful import devices, products, releases, vulnerabilities
from careful.kernel.actors import Actor
from careful.kernel.work import World


@dataclass(frozen=True)
class Maker:
    """Acts for the maker in one line each."""

    world: World
    staff: Actor
    folder: Path

    def feed(self, *documents: Any, kind: Any = None, **more: Any) -> vulnerabilities.FeedReport:
        """Take in one file holding the document, or a list of them."""
        path = self.folder / "feed.json"
        path.write_text(json.dumps(documents[0] if len(documents) == 1 else list(documents)))
        return vulnerabilities.import_feed(self.world, self.staff, path, kind, **more)

    def ship(self, version: str, *components: str, product: str = "cam-1", sign: bool = True) -> releases.Release:
        """Add a release of these components, and mark it as signed."""
        image = self.folder / f"{product}-{version}.img"
        image.write_bytes(f"{product} {version}".encode())
        sbom = purls(*components)
        added = releases.add(self.world, self.staff, product, version, image, sbom, ("rev-a",)).release
        return releases.mark_signed(self.world, self.staff, added.id, ("k1",), 1) if sign else added

    def devices(self, version: str, *names: str, product: str = "cam-1") -> None:
        """Let devices run a version."""
        for name in names:
            try:
                devices.get(self.world, name)
            except Exception:  # noqa: BLE001 (any way of not being there)
                devices.make_tokens(self.world, self.staff, product, [name], "rev-a")
            devices.report_version(self.world, name, version, "ddi")

    def the_case(self) -> vulnerabilities.Case:
        (one,) = vulnerabilities.cases(self.world)
        return one


@pytest.fixture
def maker(world: World, staff: Actor, tmp_path: Path) -> Maker:
    for product in ("cam-1", "lock-1"):
        text = f"schema: product/1\nproduct: {{id: {product}, name: Test, models: [{product}]}}\n"
        products.declare(world, staff, text.encode())
        products.approve(world, staff, product)
    folder = tmp_path / "given"
    folder.mkdir()
    return Maker(world, staff, folder)
