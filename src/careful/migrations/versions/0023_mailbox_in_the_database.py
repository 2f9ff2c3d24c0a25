"""The mailbox in PostgreSQL, for gateways on several machines."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE mailbox_number")
    op.create_table(
        "mailbox_down",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_mailbox_down")),
        info={"counter": "mailbox_number"},
    )
    with op.batch_alter_table("mailbox_down", schema=None) as batch_op:
        batch_op.create_index("ix_mailbox_down_device", ["device", "number"], unique=False)

    op.create_table(
        "mailbox_place",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_mailbox_place")),
        info={"counter": "mailbox_number"},
    )
    with op.batch_alter_table("mailbox_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailbox_place_number"), ["number"], unique=False)

    op.create_table(
        "mailbox_session",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("subscriptions", sa.Text(), nullable=True),
        sa.Column("ends", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_mailbox_session")),
    )


def downgrade() -> None:
    op.drop_table("mailbox_session")
    with op.batch_alter_table("mailbox_place", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mailbox_place_number"))

    op.drop_table("mailbox_place")
    with op.batch_alter_table("mailbox_down", schema=None) as batch_op:
        batch_op.drop_index("ix_mailbox_down_device")

    op.drop_table("mailbox_down")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE mailbox_number")
