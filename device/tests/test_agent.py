import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from simulated_maker import Authority, Repository, image

from careful_device import est
from careful_device.config import load
from careful_device.directory_slots import DirectorySlots
from careful_device.errors import AgentError, SlotError

SLOT_LINK = "slots/current"


def version_of(home: Path) -> str:
    return (home / SLOT_LINK / "etc" / "os-release").read_text().strip()


def test_a_new_device_enrols_with_its_own_key_and_erases_the_token(device, home, maker):
    device.settle()
    assert "once-only" not in (home / "config.toml").read_text()
    assert stat.S_IMODE((home / "identity.pem").stat().st_mode) == 0o600
    assert not (home / "identity.key.new").exists()
    assert maker.described == [{"product": "cam-1", "hardware": "rev-a"}]
    assert load(home).token == ""


def test_a_refused_token_is_tried_again_later_and_kept(device, home, maker):
    maker.tokens.clear()
    agent = device.on()
    agent.step()
    assert agent.step() > 1
    assert "once-only" in (home / "config.toml").read_text()


def test_an_order_is_verified_installed_proved_and_confirmed(device, home, maker):
    maker.release("1.0.0")
    action = maker.order("1.0.0")
    device.settle()
    assert maker.finals() == [(action, "success", "running 1.0.0")]
    assert version_of(home) == "VERSION_ID=1.0.0"
    assert maker.described[-1]["version"] == "1.0.0"
    assert maker.described[-1]["slot"] == "a"
    assert not (home / "job.json").exists()
    assert not (home / "slots" / "trial.json").exists()
    assert not list((home / "downloads").iterdir())


def test_the_next_release_goes_to_the_other_slot(device, home, maker):
    for version in ("1.0.0", "1.0.1"):
        maker.release(version)
        maker.order(version)
        device.ask()
    assert [final[1] for final in maker.finals()] == ["success", "success"]
    assert (home / SLOT_LINK).readlink() == Path("b")


def _tampered(maker):
    maker.release("1.0.1")
    maker.blobs["evil"] = maker.blobs["1.0.1/cam-1-1.0.1.tar.gz"][:-1] + b"!"
    maker.order(
        "1.0.1", blob="evil", sha256=maker.repository.targets.targets["1.0.1/cam-1-1.0.1.tar.gz"].hashes["sha256"]
    )


def _announced(maker):
    maker.release("1.0.1")
    maker.blobs["evil"] = image("1.0.1", {"evil": b"x"})
    maker.order("1.0.1", blob="evil")


def _longer(maker):
    signed = maker.release("1.0.1")
    maker.blobs["evil"] = signed + b"more"
    hashed = maker.repository.targets.targets["1.0.1/cam-1-1.0.1.tar.gz"].hashes["sha256"]
    maker.order("1.0.1", blob="evil", size=len(signed), sha256=hashed)


def _older(maker):
    maker.release("0.9.0")
    maker.order("0.9.0")


def _security_older(maker):
    maker.release("1.0.1", security_version=0)
    maker.order("1.0.1")


def _other_product_said(maker):
    maker.release("1.0.1")
    maker.order("1.0.1", product="lock-1")


def _other_product_signed(maker):
    maker.release("1.0.1", product="lock-1")
    maker.order("1.0.1")


def _other_hardware(maker):
    maker.release("1.0.1", hardware=["rev-b"])
    maker.order("1.0.1")


def _unsigned(maker):
    maker.blobs["1.0.1/cam-1-1.0.1.tar.gz"] = image("1.0.1")
    maker.order("1.0.1")


def _stranger(maker):
    maker.repository = Repository()
    maker.repository.timestamp.version = 50
    maker.release("1.0.1")
    maker.order("1.0.1")


def _expired(maker):
    maker.release("1.0.1")
    maker.order("1.0.1")
    repository = maker.repository
    repository.timestamp.expires = repository.timestamp.expires.replace(year=2020)
    repository.timestamp.version += 1
    repository.publish()


def _old_metadata(maker):
    maker.release("1.0.1")
    maker.order("1.0.1")
    maker.repository.timestamp.version = 1
    maker.repository.publish()


@pytest.mark.parametrize(
    ("arrange", "kind"),
    [
        pytest.param(_tampered, "tampered", id="other bytes than were signed"),
        pytest.param(_announced, "tampered", id="an order that announces other bytes"),
        pytest.param(_longer, "tampered", id="more bytes than were signed"),
        pytest.param(_older, "rollback", id="an older version"),
        pytest.param(_security_older, "rollback", id="a newer version with a lower security version"),
        pytest.param(_old_metadata, "rollback", id="older metadata"),
        pytest.param(_other_product_said, "wrong-model", id="an order for another product"),
        pytest.param(_other_product_signed, "wrong-model", id="signed for another product"),
        pytest.param(_other_hardware, "wrong-model", id="signed for other hardware"),
        pytest.param(_unsigned, "unsigned", id="not in the metadata"),
        pytest.param(_stranger, "unsigned", id="metadata signed by strangers"),
        pytest.param(_expired, "expired", id="metadata out of date"),
    ],
)
def test_the_device_refuses_and_says_so(device, home, maker, arrange, kind):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    arrange(maker)
    device.ask()
    _action, finished, detail = maker.finals()[-1]
    assert finished == "failure"
    assert detail.startswith(f"refused: {kind}: ")
    assert version_of(home) == "VERSION_ID=1.0.0"
    assert (home / SLOT_LINK).readlink() == Path("a")


def test_after_a_refusal_the_right_order_is_taken(device, home, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    _announced(maker)
    device.ask()
    maker.order("1.0.1")
    device.ask()
    assert version_of(home) == "VERSION_ID=1.0.1"


def test_unhealthy_software_is_rolled_back_and_may_be_tried_again(device, home, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    sick = {"1.0.1"}

    def health(target):
        if target.version in sick:
            raise SlotError("the camera process does not answer")

    device.on(health=health)
    maker.release("1.0.1")
    maker.order("1.0.1")
    device.ask()
    assert maker.finals()[-1][1:] == ("failure", "rolled back: the camera process does not answer")
    assert version_of(home) == "VERSION_ID=1.0.0"
    assert maker.described[-1]["version"] == "1.0.0"
    sick.clear()
    maker.order("1.0.1")
    device.ask()
    assert maker.finals()[-1][1:] == ("success", "running 1.0.1")


def test_the_same_order_again_is_answered_without_installing(device, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    asked = len([path for _verb, path, _range in maker.requests if path.startswith("/blob/")])
    maker.order("1.0.0")
    device.ask()
    assert maker.finals()[-1][1:] == ("success", "running 1.0.0 already")
    assert len([path for _verb, path, _range in maker.requests if path.startswith("/blob/")]) == asked


def test_a_cut_download_is_resumed_where_it_broke(device, maker):
    content = image("1.0.0", {"lib/big": bytes(range(256)) * 4096})
    maker.release("1.0.0", content)
    maker.order("1.0.0")
    maker.cut_after = 1000
    device.settle()
    ranges = [ranged for _verb, path, ranged in maker.requests if path.startswith("/blob/")]
    assert ranges == [None, "bytes=1000-"]
    assert maker.finals()[-1][1] == "success"


def test_an_image_that_is_gone_ends_the_order(device, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    maker.blobs.clear()
    device.settle()
    _action, finished, detail = maker.finals()[-1]
    assert finished == "failure"
    assert "404" in detail


def test_a_cancelled_order_is_dropped_before_it_is_installed(device, home, maker):
    maker.release("1.0.0")
    action = maker.order("1.0.0")
    maker.broken["/blob/"] = 503
    agent = device.on()
    while not (agent.state.job and agent.state.job.due):
        agent.step()
    maker.orders.clear()
    maker.cancels.append(action)
    device.ask()
    assert maker.finals()[-1][1] == "success"
    assert not (home / SLOT_LINK).exists()


def test_an_order_that_vanished_is_forgotten(device, home, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    maker.broken["/blob/"] = 503
    agent = device.on()
    while not (agent.state.job and agent.state.job.due):
        agent.step()
    maker.orders.clear()
    device.ask()
    assert agent.state.job is None
    assert not (home / SLOT_LINK).exists()


def test_a_closed_window_leaves_the_order_alone(device, home, maker):
    maker.release("1.0.0")
    maker.order("1.0.0", update="skip")
    agent = device.on()
    for _ in range(12):
        agent.step()
    assert not maker.told
    assert not (home / SLOT_LINK).exists()


def test_without_a_pinned_root_nothing_is_polled(device, home, maker):
    (home / "root.json").unlink()
    agent = device.on()
    agent.step()
    assert agent.step() > 0
    assert agent.updater is None
    assert not [path for _verb, path, _range in maker.requests if "controller" in path]


def test_the_certificate_is_renewed_at_two_thirds_and_the_new_one_proved(device, home, maker):
    device.settle()
    first = (home / "identity.pem").read_bytes()
    device.ahead += maker.life.total_seconds() * 0.63
    device.ask()
    assert (home / "identity.pem").read_bytes() == first
    device.ahead += maker.life.total_seconds() * 0.07
    device.ask()
    assert (home / "identity.pem").read_bytes() != first
    assert not (home / "identity.pem.new").exists()
    assert len(set(maker.seen_serials)) >= 2


def test_a_new_certificate_that_is_refused_does_not_cost_the_old_one(device, home, maker):
    device.settle()
    first = (home / "identity.pem").read_bytes()
    agent = device.on()
    request = agent.identity.request()
    agent.identity.accept(est.re_enrol(agent.client, agent.settings.est_url, request))
    new = agent.identity.certificate()
    assert new is not None
    issued = (home / "identity.pem.new").read_bytes()
    maker.refused_serials.add(x509.load_pem_x509_certificate(issued[issued.index(b"-----BEGIN CERT") :]).serial_number)
    device.ask()
    assert (home / "identity.pem").read_bytes() == first
    assert not (home / "identity.pem.new").exists()


def test_a_server_of_another_authority_is_not_believed(device, home, maker):
    (home / "ca.pem").write_bytes(Authority().pem())
    agent = device.on()
    agent.step()
    assert not agent.state.certified
    assert not maker.requests


STEPS = ("install", "activate", "confirm", "rollback", "health")


class PowerCut(BaseException):
    """The device went dark."""


class FragileSlots(DirectorySlots):
    """Goes dark at the `at`-th act, before it or after it."""

    def __init__(self, root, at, after):
        super().__init__(root, 10_000_000)
        self.left, self.after = at, after

    def _act(self, name, *arguments):
        self.left -= 1
        if self.left == 0 and not self.after:
            raise PowerCut
        getattr(super(), name)(*arguments)
        if self.left == 0:
            raise PowerCut

    def install(self, image, target):
        self._act("install", image, target)

    def activate(self, target):
        self._act("activate", target)

    def confirm(self, target):
        self._act("confirm", target)

    def rollback(self, target):
        self._act("rollback", target)


@pytest.mark.parametrize("after", [pytest.param(False, id="before"), pytest.param(True, id="after")])
@pytest.mark.parametrize("healthy", [pytest.param(True, id="healthy"), pytest.param(False, id="sick")])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_power_cut_at_any_act_is_survived(device, home, maker, at, healthy, after):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    maker.release("1.0.1")
    maker.order("1.0.1")

    def health(target):
        if not healthy and target.version == "1.0.1":
            raise SlotError("sick")

    device.on(slots=FragileSlots(home / "slots", at, after), health=health)
    try:
        device.ask()
    except PowerCut:
        assert version_of(home) in {"VERSION_ID=1.0.0", "VERSION_ID=1.0.1"}
    device.on(health=health)
    device.ask()
    expected = ("success", "running 1.0.1") if healthy else ("failure", "rolled back: sick")
    assert [final[1:] for final in maker.finals()[1:]] == [expected]
    assert version_of(home) == ("VERSION_ID=1.0.1" if healthy else "VERSION_ID=1.0.0")
    assert not (home / "slots" / "trial.json").exists()


def test_a_kill_after_every_other_act_is_survived(device, home, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()
    maker.release("1.0.1")
    maker.order("1.0.1")
    for _ in range(60):
        agent = device.on()
        agent.step()
        agent.step()
        if not maker.orders:
            break
        assert version_of(home) in {"VERSION_ID=1.0.0", "VERSION_ID=1.0.1"}
    assert maker.finals()[-1][1:] == ("success", "running 1.0.1")


def test_software_that_never_comes_up_is_rolled_back(device, home, maker):
    maker.release("1.0.0")
    maker.order("1.0.0")
    device.ask()

    def crashes(_target):
        raise PowerCut

    maker.release("1.0.1")
    maker.order("1.0.1")
    for _ in range(6):
        device.on(health=crashes)
        try:
            device.ask()
        except PowerCut:
            continue
        break
    assert maker.finals()[-1][1:] == ("failure", "rolled back: prove did not succeed in 3 tries")
    assert version_of(home) == "VERSION_ID=1.0.0"


def test_a_damaged_journal_is_no_journal(device, home, maker):
    maker.release("1.0.0")
    (home / "job.json").write_text(json.dumps({"action": "7", "step": "dance"}))
    maker.order("1.0.0")
    device.settle()
    assert maker.finals()[-1][1] == "success"


def test_a_clock_set_back_does_not_put_the_device_to_sleep(device, maker):
    device.settle()
    agent = device.agent
    device.ahead -= 86_400.0 * 20
    maker.release("1.0.0")
    maker.order("1.0.0")
    for _ in range(20):
        agent.step()
    assert maker.finals()[-1][1] == "success"


def test_unknown_hooks_are_errors_a_person_can_mend(home):
    with pytest.raises(AgentError, match="root"):
        (home / "root.json").unlink()
        load(home).root()


def test_crashes_are_told_when_they_change_and_a_broken_counter_costs_no_update(device, home, maker):
    count = home / "crashes"
    count.write_text("2\n")
    with (home / "config.toml").open("a") as config:
        config.write(f'[updates]\ncrashes = ["cat", "{count}"]\n')
    device.settle()
    device.ask()
    assert [one for one in maker.described if "crashes" in one] == [{"crashes": "2"}]
    count.write_text("lots\n")
    maker.release("1.0.0")
    action = maker.order("1.0.0")
    device.ask()
    assert maker.finals() == [(action, "success", "running 1.0.0")]
    count.write_text("3\n")
    device.ask()
    assert [one["crashes"] for one in maker.described if "crashes" in one] == ["2", "3"]


def battery(home, level, status="Discharging"):
    """Let the kernel say so from now on."""
    folder = home / "power" / "BAT0"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("type", "Battery"), ("capacity", str(level)), ("status", status), ("present", "1")):
        (folder / name).write_text(f"{text}\n")


def test_an_order_waits_for_the_battery_and_the_server_hears_why(device, home, maker):
    battery(home, 31)
    device.settle()
    assert maker.described[-1]["battery"] == "31"
    maker.release("1.0.0")
    action = maker.order("1.0.0", keep={"min-battery": "50"})
    device.ahead += 60
    for _ in range(12):
        device.agent.step()
    assert (action, "scheduled", "none", "waiting: battery at 31 %, asked for 50 %") in maker.told
    assert not any("/blob/" in path for _verb, path, _range in maker.requests)
    device.on()  # a restart forgets nothing
    battery(home, 31, "Charging")
    device.settle()
    assert maker.finals() == [(action, "success", "running 1.0.0")]
    assert [one for one in maker.described if "power" in one][-1] == {
        **maker.described[-1], "battery": "31", "power": "mains"
    }  # fmt: skip


def test_a_battery_that_runs_low_during_the_download_holds_the_installation(device, home, maker):
    battery(home, 80)
    device.settle()
    maker.release("1.0.0")
    maker.order("1.0.0", keep={"min-battery": "50"})
    device.ahead += 60
    for _ in range(40):
        device.agent.step()
        if any("/blob/" in path for _verb, path, _range in maker.requests):
            battery(home, 20)
    assert maker.told[-1][3] == "waiting: battery at 20 %, asked for 50 %"
    assert not (home / SLOT_LINK).exists()
    battery(home, 60)
    device.settle()
    assert maker.finals()[-1][1] == "success"


def test_a_pause_that_a_wrong_clock_noted_is_cut_short(device, home, maker):
    device.settle()
    maker.release("1.0.0")
    action = maker.order("1.0.0")
    href = f"{maker.url}/default/controller/v1/cam-1-001/deploymentBase/{action}"
    (home / "job.json").write_text(json.dumps({"action": action, "href": href, "step": "read", "due": 9e9}))
    assert device.on().state.job.due < 9e9
    device.settle()
    assert maker.finals()[-1][1] == "success"
