"""parts of releases"""

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table("releases_release", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parts", database.JSONText(), server_default="[]", nullable=False))


def downgrade() -> None:

    with op.batch_alter_table("releases_release", schema=None) as batch_op:
        batch_op.drop_column("parts")
