"""PKCS#11 tokens in software (SoftHSM, Debian's softhsm2), one for each test that asks."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


def home(folder: Path) -> Path:
    """Let SoftHSM keep its tokens in `folder`, for this process: it asks for its configuration once."""
    tokens = folder / "tokens"
    tokens.mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    return folder


def make(folder: Path) -> str:
    """Make a token and return its address."""
    module = next((path for path in MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have SoftHSM: apt-get install softhsm2")
        pytest.skip("SoftHSM is not installed: apt-get install softhsm2")
    label = f"careful-{secrets.token_hex(4)}"
    pin = folder / f"{label}.pin"
    pin.write_text("8462\n")
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", "8462", "--so-pin", "84628462"]
    subprocess.run(command, check=True, capture_output=True)
    return f"pkcs11:token={label}?module-path={module}&pin-source=file:{pin}"
