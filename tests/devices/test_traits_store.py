from careful.devices import store, traits_store


def test_whoever_loads_the_tables_of_devices_loads_these():
    assert traits_store.traits in store.TABLES_BESIDE
    assert traits_store.crash in store.TABLES_BESIDE
