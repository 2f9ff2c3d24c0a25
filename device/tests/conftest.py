"""What the agent's tests share: a simulated maker, and a device of it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from simulated_device import CONFIG, Device
from simulated_maker import Maker


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[Maker]:
    """A maker's servers."""
    folder = tmp_path / "maker"
    folder.mkdir()
    made = Maker(folder)
    made.tokens["once-only"] = "cam-1-001"
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path, maker: Maker) -> Path:
    """The directory of a device as it leaves the factory."""
    folder = tmp_path / "device"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG.format(url=maker.url))
    (folder / "ca.pem").write_bytes(maker.authority.pem())
    (folder / "root.json").write_bytes(maker.repository.root)
    return folder


@pytest.fixture
def device(home: Path, maker: Maker) -> Iterator[Device]:
    """A device of the maker."""
    made = Device(home, maker)
    yield made
    made.off()
