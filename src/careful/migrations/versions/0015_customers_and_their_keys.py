"""customers and their keys"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_customer",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("since", database.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", database.Moment(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_customer")),
    )
    with op.batch_alter_table("customer_data_customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_customer_device"), ["device"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_data_customer_epoch"), ["epoch"], unique=False)
        batch_op.create_index(
            "uq_customer_data_customer_living",
            ["device"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "customer_data_epoch",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begins", database.Moment(timezone=True), nullable=False),
        sa.Column("ends", database.Moment(timezone=True), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("closed_at", database.Moment(timezone=True), nullable=True),
        sa.Column("destroyed_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customer_data_epoch")),
    )


def downgrade() -> None:
    op.drop_table("customer_data_epoch")
    op.drop_table("customer_data_customer")
