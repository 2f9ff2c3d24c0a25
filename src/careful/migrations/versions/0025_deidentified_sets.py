"""deidentified sets"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_deidentified",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("planted", database.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_data_deidentified")),
    )
    with op.batch_alter_table("customer_data_deidentified", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_deidentified_at"), ["at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("customer_data_deidentified", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_deidentified_at"))

    op.drop_table("customer_data_deidentified")
