"""What every domain stands on: ledger, work, database, reconcile, outbox, inbox, actors, keys, errors, settings, clock.

Nothing here knows a product, a device or a flaw. A domain changes the world through `work.World.change`, which gives
it one transaction; the events it records there are appended to the ledger in the same breath.
"""
