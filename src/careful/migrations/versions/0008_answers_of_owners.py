"""answers of owners"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table("updates_device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asking", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("forced_from", database.Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("window", sa.String(length=96), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("confirms", database.JSONText(), nullable=True))


def downgrade() -> None:

    with op.batch_alter_table("updates_device", schema=None) as batch_op:
        batch_op.drop_column("confirms")
        batch_op.drop_column("window")
        batch_op.drop_column("forced_from")
        batch_op.drop_column("asking")
