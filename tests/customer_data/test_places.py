"""Looking everywhere: also into the streams, through which the planted value goes."""

from careful import customer_data
from careful.customer_data import places, postgres_files
from careful.kernel import stream_search
from careful.kernel.actors import OPERATOR
from careful.kernel.settings import Settings
from careful.kernel.stream_feed import StreamFeed
from careful.kernel.work import World


def test_through_the_stream_and_out_of_it(house, nats, monkeypatch):
    """The planted value goes through a cluster, and is in none of its messages afterwards."""
    monkeypatch.setattr(postgres_files, "folder_of", lambda *_: (None, "left out by the test"))
    here = house.world
    if here.database.is_sqlite:
        return
    settings = Settings(data=here.home, database=here.database.url, **nats.settings)
    world = World(here.database, here.clock, settings, here.keys, here.home)
    proof = customer_data.prove_deletion(world, OPERATOR, take_backup=False)
    assert (proof.held, proof.finds) == (True, ())
    assert any("messages in 1 streams" in one for one in proof.searched)
    assert any("disks of the NATS servers" in one for one in proof.unsearched)
    monkeypatch.setattr(places, "_PURGED_SECONDS", 0.0)
    monkeypatch.setattr(StreamFeed, "forget", lambda *_: None)  # nothing is purged
    proof = customer_data.prove_deletion(world, OPERATOR, take_backup=False)
    assert {(one.what, one.place) for one in proof.finds} == {("the sealed value", "stream careful-inbox")}
    monkeypatch.setattr(stream_search, "SEARCH_SECONDS", -1.0)
    proof = customer_data.prove_deletion(world, OPERATOR, take_backup=False)
    assert not proof.held
    assert {one.place for one in proof.finds} == {"stream careful-inbox: more messages than could be searched"}


def test_on_one_machine_there_is_nothing_that_cannot_be_searched(house):
    if house.world.database.is_sqlite:
        found = places.look_everywhere(house.world, {"a": b"nowhere-7f"})
        assert (found.unsearched, found.cut_short, len(found.searched)) == ((), (), 1)
        assert not any(found.found.values())
