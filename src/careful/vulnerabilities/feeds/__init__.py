"""Feeds of known flaws: a file per kind reads records, `database` keeps them in SQLite, `intake` joins them."""
