"""what customers asked for"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_correction",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("of", database.Moment(timezone=True), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_correction")),
    )
    with op.batch_alter_table("customer_data_correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_correction_device"), ["device"], unique=False)

    op.create_table(
        "customer_data_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_at", database.Moment(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=120), nullable=False),
        sa.Column("law", sa.String(length=80), nullable=False),
        sa.Column("due", database.Moment(timezone=True), nullable=False),
        sa.Column("longest", database.Moment(timezone=True), nullable=False),
        sa.Column("extended_at", database.Moment(timezone=True), nullable=True),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("proof", sa.String(length=10), nullable=False),
        sa.Column("proven_at", database.Moment(timezone=True), nullable=True),
        sa.Column("proven_by", sa.String(length=120), nullable=False),
        sa.Column("proof_note", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("closed_at", database.Moment(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("receipt", sa.String(length=32), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", database.Moment(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("code_to", sa.String(length=10), nullable=False),
        sa.Column("code_until", database.Moment(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_request")),
    )
    with op.batch_alter_table("customer_data_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_request_device"), ["device"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_data_request_opened_at"), ["opened_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("customer_data_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_request_opened_at"))
        batch_op.drop_index(batch_op.f("ix_customer_data_request_device"))

    op.drop_table("customer_data_request")
    with op.batch_alter_table("customer_data_correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_correction_device"))

    op.drop_table("customer_data_correction")
