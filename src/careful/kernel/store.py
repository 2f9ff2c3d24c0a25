"""The kernel's own tables in one place, for whoever must know all of them: migrations, backups, tests."""

from careful.kernel import ledger, mailbox_database, outbox

TABLES = (
    *(ledger.entries, ledger.head, ledger.checkpoints, outbox.messages),
    *(mailbox_database.down, mailbox_database.place, mailbox_database.session),
)
