"""Without a bucket there is nothing to fill; with one, see tests/entrypoints/gateway/https/test_delivery_bucket.py."""

from careful import updates


def test_no_bucket_no_work(world, maker):
    maker.release("1.0.0")
    assert updates.BucketFiller().advance(world) == 0
