"""what devices say of deltas"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "updates_delta_word",
        sa.Column("release", sa.String(length=32), nullable=False),
        sa.Column("base", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", database.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("release", "base", "device", name=op.f("pk_updates_delta_word")),
    )


def downgrade() -> None:
    op.drop_table("updates_delta_word")
