"""Signatures that GnuPG itself takes."""

import dataclasses
import shutil
import stat
import subprocess

import pytest

from careful.notices import openpgp


def test_the_key_is_made_once_and_kept_tight(world):
    first, second = openpgp.signed(world, b"one"), openpgp.signed(world, b"two")
    assert first.fingerprint == second.fingerprint
    assert first.certificate == second.certificate
    assert "PRIVATE" not in first.certificate + first.signature
    [path] = world.home.rglob("advisories.openpgp")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_gnupg_takes_the_signature_and_no_altered_byte(world, tmp_path):
    gpg = shutil.which("gpg")
    if gpg is None:
        pytest.skip("gpg is not installed (apt-get install gnupg)")
    made = openpgp.signed(world, b"the advisory")
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    for name, content in (("key.asc", made.certificate), ("good.asc", made.signature), ("good", "the advisory")):
        (tmp_path / name).write_text(content)

    def run(*arguments):
        return subprocess.run(
            [gpg, "--batch", "--no-tty", "--homedir", str(home), "--no-autostart", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )

    assert run("--import", "key.asc").returncode == 0
    assert run("--verify", "good.asc", "good").returncode == 0
    assert made.fingerprint in run("--with-colons", "--list-keys").stdout
    (tmp_path / "good").write_text("the Advisory")
    assert run("--verify", "good.asc", "good").returncode != 0


def test_a_maker_s_name_does_not_break_the_key_s_owner(world):
    settings = world.settings.model_copy(update={"maker_name": "Hearth <evil@example.com> & Søn"})
    made = openpgp.signed(dataclasses.replace(world, settings=settings), b"x")
    assert made.certificate.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
