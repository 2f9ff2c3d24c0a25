"""The database's history: one numbered file per change of form, up and down, on SQLite and PostgreSQL alike."""
