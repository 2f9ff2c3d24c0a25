"""what doors remember"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_counted",
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_customer_data_counted")),
    )
    with op.batch_alter_table("customer_data_counted", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_counted_at"), ["at"], unique=False)

    op.create_table(
        "customer_data_spent",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("began", database.Moment(timezone=True), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "item", name=op.f("pk_customer_data_spent")),
    )
    with op.batch_alter_table("customer_data_spent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_data_spent_began"), ["began"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("customer_data_spent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_spent_began"))

    op.drop_table("customer_data_spent")
    with op.batch_alter_table("customer_data_counted", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_data_counted_at"))

    op.drop_table("customer_data_counted")
