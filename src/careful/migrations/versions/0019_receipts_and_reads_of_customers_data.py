"""receipts and reads of customers data"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_holder",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seen", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_holder")),
    )
    op.create_table(
        "customer_data_read",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("fields", database.JSONText(), nullable=False),
        sa.Column("withheld", database.JSONText(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_read")),
    )
    with op.batch_alter_table("customer_data_read", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_read_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_data_read_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_data_read_device"), ["device"], unique=False)

    op.create_table(
        "customer_data_receipt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("due", database.Moment(timezone=True), nullable=True),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("swept_at", database.Moment(timezone=True), nullable=True),
        sa.Column("destroyed_at", database.Moment(timezone=True), nullable=True),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("exports", database.JSONText(), nullable=False),
        sa.Column("holders", database.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_receipt")),
    )
    with op.batch_alter_table("customer_data_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_receipt_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_data_receipt_device"), ["device"], unique=False)

    op.create_table(
        "customer_data_release",
        sa.Column("customer", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("customer", "holder", name=op.f("pk_customer_data_release")),
    )
    op.create_table(
        "customer_data_use",
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("since", database.Moment(timezone=True), nullable=False),
        sa.Column("read_at", database.Moment(timezone=True), nullable=True),
        sa.Column("proposed_at", database.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("product", "stream", "field", name=op.f("pk_customer_data_use")),
    )


def downgrade() -> None:
    op.drop_table("customer_data_use")
    op.drop_table("customer_data_release")
    with op.batch_alter_table("customer_data_receipt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_receipt_device"))
        batch_op.drop_index(batch_op.f("ix_customer_data_receipt_at"))

    op.drop_table("customer_data_receipt")
    with op.batch_alter_table("customer_data_read", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_read_device"))
        batch_op.drop_index(batch_op.f("ix_customer_data_read_at"))
        batch_op.drop_index(batch_op.f("ix_customer_data_read_actor"))

    op.drop_table("customer_data_read")
    op.drop_table("customer_data_holder")
