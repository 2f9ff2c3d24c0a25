"""What the maker's own people say of attacks."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("vulnerabilities_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_exploited", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("vulnerabilities_case", schema=None) as batch_op:
        batch_op.drop_column("told_exploited")
