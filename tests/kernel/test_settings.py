"""Settings come from arguments, environment, file and default, in this order."""

import pytest
from pydantic import ValidationError

from careful.kernel.errors import Invalid
from careful.kernel.settings import Settings, read_settings


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


def test_every_wrong_value_is_named(tmp_path, monkeypatch):
    (tmp_path / "careful.toml").write_text("bogus = 1\npublic_port = 'x'\n")
    monkeypatch.setenv("CAREFUL_CONSOLE_PORT", "0")
    with pytest.raises(Invalid) as refusal:
        read_settings(data=tmp_path, mqtt_port=70000)
    assert {problem.where for problem in refusal.value.problems} == {
        "bogus",
        "--mqtt_port",
        "CAREFUL_CONSOLE_PORT (or console_port in careful.toml)",
        "CAREFUL_PUBLIC_PORT (or public_port in careful.toml)",
    }


def test_a_broken_file_is_named_with_its_line(tmp_path):
    (tmp_path / "careful.toml").write_text("x = = 2\n")
    with pytest.raises(Invalid, match=r"careful.toml in the data folder is no TOML: .*line 1"):
        read_settings(data=tmp_path)


def test_the_file_read_is_that_of_the_folder_in_use(tmp_path, monkeypatch):
    for name, port in (("typed", 9001), ("environment", 9002)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "careful.toml").write_text(f"console_port = {port}\n")
    monkeypatch.setenv("CAREFUL_DATA", str(tmp_path / "environment"))
    assert read_settings().console_port == 9002
    assert read_settings(data=tmp_path / "typed").console_port == 9001


POSTGRES = "postgresql+psycopg://careful@127.0.0.1/careful"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"inbox": "redis://a"}, "a cluster's servers"),
        ({"inbox": "nats://"}, "a cluster's servers"),
        ({"inbox": "nats://a:4222"}, "a PostgreSQL"),
        ({"inbox": "nats://u:p@a:4222", "database": POSTGRES}, "not in inbox"),
    ],
    ids=["another scheme", "no server", "no database", "password in the address"],
)
def test_an_inbox_that_cannot_be_is_refused(tmp_path, given, said):
    with pytest.raises(Invalid) as refusal:
        read_settings(data=tmp_path, **given)
    assert said in str(refusal.value.problems)


def test_the_servers_of_a_cluster(tmp_path):
    one = Settings(data=tmp_path, database=POSTGRES, inbox="tls://a:4222, b:4223,tls://c")
    assert one.inbox_servers() == ["tls://a:4222", "tls://b:4223", "tls://c"]
    assert one.inbox_tls
