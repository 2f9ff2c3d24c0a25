"""Settings come from arguments, environment, file and default, in this order."""

import pytest
from pydantic import ValidationError

from careful.kernel.settings import Settings


def test_defaults_are_safe_and_two_origins(monkeypatch, tmp_path):
    settings = Settings(data=tmp_path)
    assert settings.on_loopback
    assert settings.console_url == "http://localhost:8080"
    assert settings.public_url == "http://127.0.0.1:8081"


def test_order_of_sources(monkeypatch, tmp_path):
    (tmp_path / "careful.toml").write_text("console_port = 9001\npublic_port = 9002\n")
    monkeypatch.setenv("CAREFUL_PUBLIC_PORT", "9003")
    settings = Settings(data=tmp_path, device_port=9004)
    assert (settings.console_port, settings.public_port, settings.device_port) == (9001, 9003, 9004)


def test_tls_off_loopback(tmp_path):
    assert Settings(data=tmp_path, host="192.0.2.7").console_url == "https://192.0.2.7:8080"


@pytest.mark.parametrize(
    "wrong", [{"console_port": 0}, {"console_url": "ftp://x"}, {"unheard_of": 1}, {"certificate_days": 10_000}]
)
def test_wrong_values_are_refused(tmp_path, wrong):
    with pytest.raises(ValidationError):
        Settings(data=tmp_path, **wrong)
