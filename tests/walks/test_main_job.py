"""The main job, door to door, each step seen from outside: curl, openssl, mosquitto_pub, the agent, the CLI."""

import json
import shutil
import subprocess
import sys
from xml.etree.ElementTree import fromstring

import pytest

from careful.demo.mailbox import read_folder

pytestmark = pytest.mark.walk
FLAW = "CVE-2023-4863"


def run(*command, text=True, **how):
    return subprocess.run(command, capture_output=True, text=text, timeout=60, check=False, **how)


def curl(*arguments):
    done = run("curl", "-sS", "--max-time", "20", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_ten_steps_held_within_a_minute_or_so(demo):
    assert "All ten steps held" in demo.output
    for number in range(1, 11):
        assert f"\n{number}. " in demo.output


def test_1_declared(demo):
    code, out = demo.careful("product", "list", "--json")
    assert code == 0
    assert {one["id"] for one in json.loads(out)} == {"cam-1", "lock-1", "plug-1"}


def test_2_born_each_with_a_key_of_its_own(demo):
    keys = set()
    for folder in (demo.folder / "fleet").glob("*-1-*"):
        pem = (folder / "identity.pem").read_text()
        certificate = pem[pem.index("-----BEGIN CERTIFICATE") :]
        shown = run("openssl", "x509", "-noout", "-subject", "-pubkey", input=certificate).stdout
        assert folder.name in shown
        keys.add(shown.partition("-----BEGIN PUBLIC")[2])
    assert len(keys) == 50


def test_2_the_rogue_was_refused_and_counted(demo):
    code, out = demo.careful("device", "refusals", "plug-1-001", "--json")
    assert code == 0
    assert {"foreign-topic", "undeclared-field"} <= {one["kind"] for one in json.loads(out)}


@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="apt-get install mosquitto-clients")
@pytest.mark.parametrize(
    ("topic", "taken"),
    [
        pytest.param("d/lock-1-005/up/telemetry", True, id="own declared stream"),
        pytest.param("d/lock-1-006/up/telemetry", False, id="another device's name"),
        pytest.param("d/lock-1-005/up/nonsense", False, id="undeclared stream"),
    ],
)
def test_2_mosquitto_pub_with_a_devices_certificate(demo, tmp_path, topic, taken):
    pem = (demo.device("lock-1-005") / "identity.pem").read_text()
    at = pem.index("-----BEGIN CERTIFICATE")
    parts = (pem[at:], pem[:at]) if "PRIVATE KEY" in pem[:at] else (pem, pem)
    for name, content in zip(("cert.pem", "key.pem"), parts, strict=True):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    done = run(
        "mosquitto_pub", "-h", "localhost", "-p", str(demo.ports["mqtt_port"]), "-i", "lock-1-005", "-q", "1",
        "--cafile", str(demo.device("lock-1-005") / "ca.pem"), "--cert", str(tmp_path / "cert.pem"),
        "--key", str(tmp_path / "key.pem"), "-t", topic,
        "-m", '{"temperature_c": 21.5, "uptime_s": 7, "rssi_dbm": -60}',
    )  # fmt: skip
    refusals = json.loads(demo.careful("device", "refusals", "lock-1-005", "--json")[1])
    if taken:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0 or refusals


def test_3_shipped_what_the_sbom_says(demo):
    code, out = demo.careful("release", "list", "--json")
    assert code == 0
    assert {(one["product"], one["version"], one["state"]) for one in json.loads(out)} >= {
        ("cam-1", "1.0.0", "signed"),
        ("cam-1", "1.0.1", "signed"),
        ("lock-1", "1.0.0", "signed"),
    }


def test_5_exploited_first_and_unmatched_with_reasons(demo):
    code, out = demo.careful("vuln", "list", "--json")
    assert code == 0
    cases = json.loads(out)
    assert cases[0]["flaw"] == FLAW
    assert cases[0]["exploited"]


def test_7_the_fix_proves_itself(demo):
    cases = {one["flaw"]: one for one in json.loads(demo.careful("vuln", "list", "--json")[1])}
    assert cases[FLAW]["fixed_in"] == "1.0.1"
    assert "1.0.1" not in cases[FLAW]["releases"]


def test_8_devices_run_the_fix_and_refused_the_rest(demo):
    versions = {}
    for folder in (demo.folder / "fleet").glob("cam-1-*"):
        installed = json.loads((folder / "installed.json").read_text())
        versions[folder.name] = installed["version"]
    assert versions.pop("cam-1-004") == "1.0.0", "the silent one stayed behind"
    assert set(versions.values()) == {"1.0.1"}
    _, out = demo.careful("evidence", "log", "--about", "device/", "--limit", "5000", "--json")
    held = {one["data"]["kind"] for one in json.loads(out) if one["name"] == "updates.drill_held"}
    assert held == {"tampered", "rollback", "wrong_model"}


def test_9_the_public_site_tells_the_truth(demo):
    listed = curl(f"{demo.public}/advisories")
    assert FLAW in listed
    feed = fromstring(curl(f"{demo.public}/advisories.atom"))  # noqa: S314 (our own feed)
    (entry, *_) = feed.findall("{http://www.w3.org/2005/Atom}entry")
    page = entry.findtext("{http://www.w3.org/2005/Atom}id")
    csaf = json.loads(curl(f"{page}.json"))
    assert csaf["document"]["csaf_version"] == "2.0"
    assert csaf["document"]["tracking"]["id"] in page
    answer = json.loads(curl(f"{demo.public}/v1/notice?model=HC-100&version=1.0.0"))
    assert answer["state"] == "act"
    fine = json.loads(curl(f"{demo.public}/v1/notice?model=HC-100&version=1.0.1"))
    assert fine["state"] == "unknown", "a stale feed never says fine"
    assert "Expires:" in curl(f"{demo.public}/.well-known/security.txt")


def test_9_public_headers(demo):
    head = curl("-I", f"{demo.public}/").lower()
    assert "content-security-policy: default-src 'none'" in head
    assert "set-cookie" not in head


def test_9_every_owner_got_one_mail_per_notice(demo):
    messages = read_folder(demo.folder / "mail")
    pairs = [(message["To"], message["Subject"]) for message in messages]
    assert len(pairs) == len(set(pairs)) == 2 * 24
    assert all(message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" for message in messages)


def test_9_one_click_unsubscribe_needs_a_post(demo):
    message = next(one for one in read_folder(demo.folder / "mail") if one["To"].startswith("owner-of-cam-1-007"))
    link = message["List-Unsubscribe"].strip("<>")
    assert "<form" in curl(link)
    assert "No more messages" in curl("-X", "POST", "-d", "List-Unsubscribe=One-Click", link)


def test_10_closed_with_evidence(demo):
    cases = json.loads(demo.careful("vuln", "list", "--json")[1])
    assert {one["state"] for one in cases} == {"closed"}
    verdicts = {one["id"]: one["verdict"] for one in json.loads(demo.careful("evidence", "list", "--json")[1])}
    wanted = ("D1", "A1", "R2", "R6", "R7", "R9", "C6", "C9", "C12", "C13")
    assert {name: verdicts[name] for name in wanted} == dict.fromkeys(wanted, "met")
    assert verdicts["P11"] == "unknown", "example facts are no fresh feed"


def test_10_an_auditor_proves_the_ledger_elsewhere(demo, tmp_path):
    assert demo.careful("evidence", "export", str(tmp_path / "bundle"))[0] == 0
    code, out = demo.careful("evidence", "verify", "--bundle", str(tmp_path / "bundle"))
    assert code == 0, out
    lines = (tmp_path / "bundle" / "entries.jsonl").read_text().splitlines()
    lines[7], lines[8] = lines[8], lines[7]
    (tmp_path / "bundle" / "entries.jsonl").write_text("\n".join(lines) + "\n")
    assert demo.careful("evidence", "verify", "--bundle", str(tmp_path / "bundle"))[0] == 1


def test_backup_restores_and_proves_itself(demo, tmp_path):
    code, out = demo.careful("backup", str(tmp_path / "kept.tar.gz"))
    assert code == 0, out
    restore = ("--data", str(tmp_path / "again"), "restore", str(tmp_path / "kept.tar.gz"))
    done = run(sys.executable, "-m", "careful.assemble", *restore)
    assert done.returncode == 0, done.stderr
    assert "proven" in done.stdout


def test_doctor_is_content(demo):
    code, out = demo.careful("doctor", "--json")
    states = {one["name"]: one["state"] for one in json.loads(out)}
    assert code == 0, out
    assert states["feeds"] == "warning"
    assert states["ledger"] == "good"
