"""Text from strangers, as it is shown."""

from careful.releases.bundles_facts import text


def test_text_is_cut_and_harmless():
    assert text("a\u202eb\n", 3) == "a\ufffdb"
    assert text("x" * 5000) == "x" * 1000
    assert text(None) == "None"
