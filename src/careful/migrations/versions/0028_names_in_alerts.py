"""names in alerts"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("monitoring_alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("names", database.JSONText(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("more", sa.BigInteger(), server_default="0", nullable=False))

    with op.batch_alter_table("monitoring_expectation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("names", database.JSONText(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("monitoring_expectation", schema=None) as batch_op:
        batch_op.drop_column("names")

    with op.batch_alter_table("monitoring_alert", schema=None) as batch_op:
        batch_op.drop_column("more")
        batch_op.drop_column("names")
