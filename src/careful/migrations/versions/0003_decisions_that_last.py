"""decisions that last"""

import json

import sqlalchemy as sa
from alembic import op

from careful.kernel import database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CASES = sa.table("vulnerabilities_case", sa.column("id", sa.String), sa.column("judged_on", sa.Text))


def upgrade() -> None:
    with op.batch_alter_table("vulnerabilities_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("judged_by", database.JSONText(), nullable=True))
        batch_op.add_column(sa.Column("accepted_until", database.Moment(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("proposal", database.JSONText(), nullable=True))
        batch_op.add_column(sa.Column("review_in", database.JSONText(), nullable=True))

    with op.batch_alter_table("vulnerabilities_finding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ground", database.JSONText(), nullable=True))

    with op.batch_alter_table("vulnerabilities_settled", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ground", database.JSONText(), nullable=True))

    # Every release is matched once more, so that its findings say what decisions on them stand on.
    op.execute(sa.text("UPDATE vulnerabilities_match SET generation = -1"))


def downgrade() -> None:
    # What a decision stood on was name and version alone; the rest has no place there.
    connection = op.get_bind()
    for row in connection.execute(sa.select(_CASES).where(_CASES.c.judged_on.is_not(None))).all():
        carriers = json.loads(row.judged_on).get("carriers")
        if carriers is not None:
            text = database.canonical_json({name: version for name, version, _ in carriers})
            connection.execute(sa.update(_CASES).where(_CASES.c.id == row.id).values(judged_on=text))

    with op.batch_alter_table("vulnerabilities_settled", schema=None) as batch_op:
        batch_op.drop_column("ground")

    with op.batch_alter_table("vulnerabilities_finding", schema=None) as batch_op:
        batch_op.drop_column("ground")

    with op.batch_alter_table("vulnerabilities_case", schema=None) as batch_op:
        batch_op.drop_column("review_in")
        batch_op.drop_column("proposal")
        batch_op.drop_column("accepted_until")
        batch_op.drop_column("judged_by")
