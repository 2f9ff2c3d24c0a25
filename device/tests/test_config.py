import stat

import pytest

from careful_device.config import erase_token, load
from careful_device.errors import AgentError

GOOD = """device = "cam-1-001"
product = "cam-1"
hardware = "rev-a"
est_url = "https://devices.example:8444/.well-known/est"
"""


def write(tmp_path, text):
    (tmp_path / "config.toml").write_text(text)
    return tmp_path


def test_everything_that_is_documented_is_read(tmp_path):
    found = load(
        write(
            tmp_path,
            GOOD
            + """token = "t"
ddi_url = "https://h/default/controller/v1"
tuf_url = "https://h/tuf/cam-1"
mqtt_host = "h"
mqtt_port = 8884
ca_file = "trust.pem"
[updates]
hook = ["/bin/hook", "x"]
health_seconds = 5
[backlog]
messages = 3
[readings.telemetry]
every_seconds = 7
command = ["/bin/true"]
""",
        )
    )
    assert (found.device, found.token, found.mqtt_port, found.ca_path) == (
        "cam-1-001",
        "t",
        8884,
        tmp_path / "trust.pem",
    )
    assert (found.updates.hook, found.updates.health_seconds, found.backlog.messages) == (("/bin/hook", "x"), 5, 3)
    assert found.readings["telemetry"].command == ("/bin/true",)
    assert "t" not in repr(found.token) or "token" not in repr(found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("device = ", "is not TOML", id="no TOML"),
        pytest.param(GOOD + "colour = 1\n", "colour: expected no such key", id="unknown key"),
        pytest.param(
            GOOD + "[updates]\nhealt_seconds = 1\n", "updates.healt_seconds: expected no such key", id="misspelt"
        ),
        pytest.param(
            'device = "x"\n', "hardware, product must be set|est_url, hardware, product must be set", id="missing"
        ),
        pytest.param(GOOD.replace("cam-1-001", "a/b"), "device: expected 1 to 64", id="a name with a slash"),
        pytest.param(GOOD.replace("https", "http"), "est_url: expected an https address", id="no TLS"),
        pytest.param(GOOD + 'mqtt_port = "8883"\n', "mqtt_port: expected a number", id="a text for a number"),
        pytest.param(GOOD + "mqtt_port = 70000\n", "mqtt_port: expected 1 to 65535", id="no port"),
        pytest.param(GOOD + "mqtt_host = 3\n", "mqtt_host: expected a text", id="a number for a text"),
        pytest.param(
            GOOD + "[backlog]\nmessages = -1\n", "backlog.messages: expected a number from 0 up", id="negative"
        ),
        pytest.param(GOOD + '[updates]\nhook = "x"\n', "updates.hook: expected a list of texts", id="no list"),
        pytest.param(GOOD + "readings = 3\n", "readings: expected a table", id="no table"),
        pytest.param(GOOD + "[readings.t]\nevery_seconds = 0\n", "every_seconds: expected 1 or more", id="a busy loop"),
        pytest.param(GOOD + 'home = "/"\n', "home: expected set nowhere", id="what is not set here"),
        pytest.param("#" * 70_000, "longer than", id="too long"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, says):
    with pytest.raises(AgentError, match=says):
        load(write(tmp_path, text))


def test_no_file_is_one_sentence(tmp_path):
    with pytest.raises(AgentError, match="cannot be read"):
        load(tmp_path)


def test_no_root_is_one_sentence(tmp_path):
    with pytest.raises(AgentError, match="no pinned TUF root"):
        load(write(tmp_path, GOOD)).root()


def test_the_token_is_taken_out_and_nothing_else(tmp_path):
    write(tmp_path, f'# token of the day\n  token = "secret"\n{GOOD}[readings.token]\ntoken_like = 1')
    (tmp_path / "config.toml").chmod(0o600)
    erase_token(tmp_path)
    left = (tmp_path / "config.toml").read_text()
    assert left == f"# token of the day\n{GOOD}[readings.token]\ntoken_like = 1"
    assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600
    before = (tmp_path / "config.toml").stat().st_ino
    erase_token(tmp_path)
    assert (tmp_path / "config.toml").stat().st_ino == before
