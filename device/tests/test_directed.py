"""The director's word over the wire, and what is remembered of it."""

import json

import pytest
from simulated_repository import Delegated
from tuf.api.metadata import Targets

from careful_device import directed, genuine, trust
from careful_device.errors import AnswerError, Refusal
from careful_device.model import Order

PATH = "1.0.0/cam-1-1.0.0.tar.gz"


@pytest.fixture
def check(device, home, maker):
    """Ask for the director's word about an order for 1.0.0."""
    maker.repository = Delegated()
    (home / "root.json").write_bytes(maker.repository.root)
    content = maker.release("1.0.0")
    device.settle()
    updater = device.agent.updater
    order = Order(
        action="7", href=f"{maker.url}/default/controller/v1/cam-1-001/deploymentBase/7?c=-1", version="1.0.0",
        filename="f", size=len(content), download="d", target_path=PATH,
    )  # fmt: skip
    found = genuine.look_up(updater.client, home, f"{maker.url}/tuf/cam-1", maker.repository.root, [PATH])
    target = genuine.target_in(found.targets, PATH)

    def ask(said: bytes, top=found.top):
        maker.said = said
        directed.check(updater.client, home, order, target, top, updater.facts())

    return ask


def noted(home):
    return json.loads((home / "assignment.json").read_text())


def test_it_is_asked_for_and_its_number_noted(check, home, maker):
    check(maker.repository.assign(PATH, number=41))
    assert noted(home)["number"] == 41
    check(maker.repository.assign(PATH, number=41))
    check(maker.repository.assign(PATH, number=42))
    assert noted(home)["number"] == 42
    with pytest.raises(Refusal, match="^replayed: the assignment is number 41, but 42"):
        check(maker.repository.assign(PATH, number=41))
    assert next(path for _verb, path, _range in maker.requests if "assignment" in path).endswith("/7/assignment")


def test_without_it_nothing_is_installed(check):
    with pytest.raises(Refusal, match="without the director's word"):
        check(b"")


def test_a_server_out_of_order_is_no_refusal(check, maker):
    maker.broken["assignment"] = 503
    with pytest.raises(AnswerError):
        check(maker.repository.assign(PATH))


def test_a_new_director_begins_anew(check, home, maker):
    check(maker.repository.assign(PATH, number=2**31 - 1))
    maker.repository.vault.renew("director")
    maker.repository.delegate()
    check(maker.repository.assign(PATH, number=3), maker.repository.top)
    assert noted(home)["number"] == 3


def test_what_is_noted_may_be_damaged(check, home, maker):
    (home / "assignment.json").write_text('{"number": "x"}')
    check(maker.repository.assign(PATH, number=5))
    assert noted(home)["number"] == 5


def test_a_product_without_a_director_needs_none(check, home, maker):
    top = Targets()
    assert trust.directors(top) == ()
    check(b"", top)
    assert not (home / "assignment.json").exists()
