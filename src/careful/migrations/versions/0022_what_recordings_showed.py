"""what recordings showed"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monitoring_comparison",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("recording", sa.String(length=64), nullable=False),
        sa.Column("as_of", database.Moment(timezone=True), nullable=False),
        sa.Column("made_at", database.Moment(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("found", database.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_comparison")),
    )
    op.create_index("ix_monitoring_comparison_of", "monitoring_comparison", ["product", "made_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_monitoring_comparison_of", table_name="monitoring_comparison")
    op.drop_table("monitoring_comparison")
