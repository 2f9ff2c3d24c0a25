from datetime import datetime, timedelta, timezone

import pytest
from simulated_maker import Repository

from careful_device import genuine
from careful_device.errors import Refusal, WireError
from careful_device.https import Client

PATH = "1.0.0/cam-1-1.0.0.tar.gz"


@pytest.fixture
def find(home, maker):
    client = Client(home / "ca.pem")
    root = maker.repository.root
    maker.release("1.0.0")
    yield lambda path=PATH: genuine.find(client, home, f"{maker.url}/tuf/cam-1", root, path)
    client.close()


def test_what_is_signed_is_found(find, maker):
    found = find()
    assert (found.path, found.product, found.version) == (PATH, "cam-1", "1.0.0")
    assert found.length == len(maker.blobs[PATH])


def test_when_nothing_is_new_almost_nothing_is_asked(find, maker):
    find()
    maker.requests.clear()
    find()
    assert [path.rpartition("/")[2] for _verb, path, _range in maker.requests] == ["2.root.json", "timestamp.json"]


def kind_of(find, *arguments):
    with pytest.raises(Refusal) as refused:
        find(*arguments)
    return refused.value.kind


def test_what_nobody_signed(find):
    assert kind_of(find, "9.9.9/x") == "unsigned"


def test_strangers_signatures(find, maker):
    find()
    maker.repository = Repository()
    maker.repository.timestamp.version = 99
    maker.repository.publish()
    assert kind_of(find) == "unsigned"


def test_a_server_that_is_frozen_in_time(find, maker):
    maker.repository.timestamp.expires = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=1)
    maker.repository.publish()
    assert kind_of(find) == "expired"


def test_older_metadata_again(find, maker):
    find()
    maker.repository.timestamp.version = 1
    maker.repository.publish()
    assert kind_of(find) == "rollback"


def test_metadata_without_end(find, maker):
    maker.repository.files["timestamp.json"] = b"{" + b" " * 100_000
    assert kind_of(find) == "tampered"


def test_rubbish_for_metadata(find, maker):
    maker.repository.files["timestamp.json"] = b"rubbish"
    assert kind_of(find) == "unsigned"


def test_a_server_out_of_order_is_no_refusal(find, maker):
    maker.broken["timestamp.json"] = 503
    with pytest.raises(WireError, match="cannot be had"):
        find()
    maker.broken.clear()
    assert find().version == "1.0.0"


def test_a_damaged_cache_never_makes_it_believe(find, home, maker):
    find()
    for path in (home / "tuf").glob("*.json"):
        if not path.is_symlink():
            path.write_bytes(b"rubbish")
    assert find().version == "1.0.0"
    maker.repository.files["timestamp.json"] = b"rubbish"
    assert kind_of(find) == "unsigned"
