"""A maker with an approved camera, an image and an SBOM at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.work import World


@pytest.fixture
def camera(world: World, staff: Actor) -> str:
    text = b"schema: product/1\nproduct: {id: cam-1, name: Test, models: [cam-1]}\n"
    products.declare(world, staff, text)
    products.approve(world, staff, "cam-1")
    return "cam-1"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "cam-1.img"
    path.write_bytes(b"a root file system")
    return path


@pytest.fixture
def bom() -> Any:
    """Make a CycloneDX document of components."""

    def make(*components: dict[str, Any], **more: Any) -> bytes:
        document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components)} | more
        return json.dumps(document).encode()

    return make
