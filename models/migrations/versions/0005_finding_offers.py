"""What offers are first judged by, beside the key by which a request finds them; and who has time now.

Every new column may be left out, so the release before goes on working while this one starts. They are filled
afterwards, a few offers at a time (`nachbarschaft db upgrade`): in here every table would be locked meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLE = "offer_category"
_NEW_COLUMNS = (
    ("spot", sa.String(length=17)),
    ("verification", sa.String(length=20)),
    ("languages", sa.Text()),
    ("hours_1", sa.BigInteger()),
    ("hours_2", sa.BigInteger()),
    ("hours_3", sa.BigInteger()),
)
_FREE = sa.text("available_until IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as batch:
        batch.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        for name, kind in _NEW_COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=True))
        batch.create_foreign_key(
            op.f("fk_offer_category_person_id_person"), "person", ["person_id"], ["id"], ondelete="CASCADE"
        )
        batch.drop_index("ix_offer_category_find")
        batch.create_index("ix_offer_category_find", ["category", "quarter_id", "spot"])
        batch.create_index("ix_offer_category_person", ["person_id"])
    op.create_index(
        "ix_person_available", "person", ["quarter_id", "available_until"], sqlite_where=_FREE, postgresql_where=_FREE
    )


def downgrade() -> None:
    op.drop_index("ix_person_available", table_name="person")
    with op.batch_alter_table(_TABLE) as batch:
        batch.drop_index("ix_offer_category_person")
        batch.drop_index("ix_offer_category_find")
        batch.create_index("ix_offer_category_find", ["category", "quarter_id"])
        batch.drop_constraint(op.f("fk_offer_category_person_id_person"), type_="foreignkey")
        for name, _kind in _NEW_COLUMNS:
            batch.drop_column(name)
        batch.drop_column("person_id")
