"""What is stored once: packet identifiers of QoS 2 that are taken, and records' names that are known."""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "customer_data_known",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", "topic", "record", name=op.f("pk_customer_data_known")),
    )
    op.create_index(op.f("ix_customer_data_known_at"), "customer_data_known", ["at"])
    op.create_table(
        "customer_data_taken",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("packet", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("device", "packet", name=op.f("pk_customer_data_taken")),
    )


def downgrade() -> None:
    op.drop_table("customer_data_taken")
    op.drop_index(op.f("ix_customer_data_known_at"), "customer_data_known")
    op.drop_table("customer_data_known")
