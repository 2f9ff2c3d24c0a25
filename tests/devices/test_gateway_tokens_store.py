from careful.devices import gateway_tokens_store, store


def test_whoever_loads_the_tables_of_devices_loads_this_one():
    assert gateway_tokens_store.gateway_token in store.TABLES_BESIDE
