"""days that were read"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_data_day",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "product", "topic", name=op.f("pk_customer_data_day")),
    )


def downgrade() -> None:
    op.drop_table("customer_data_day")
