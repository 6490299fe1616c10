"""Seals over the audit trail, the ledger of who was erased, and events that nobody's end changes any more.

What is new may be left out, so the release before goes on working while this one starts.
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = models.base.UTCDateTime(timezone=True)
_LET_GO = (("actor_id", "person"), ("request_id", "help_request"), ("person_id", "person"))


def upgrade() -> None:
    with op.batch_alter_table("event") as batch:
        for column, table in _LET_GO:
            batch.drop_constraint(op.f(f"fk_event_{column}_{table}"), type_="foreignkey")
    op.create_index("ix_event_at", "event", ["at", "id"])
    _seals()
    op.create_table(
        "erasure",
        sa.Column("person_hash", sa.String(length=64), nullable=False),
        sa.Column("erased_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person_hash", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_erased_at"), "erasure", ["erased_at"])


def _seals() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", _INSTANT, nullable=False),
        sa.Column("oldest_at", _INSTANT, nullable=False),
        sa.Column("newest_at", _INSTANT, nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "sealed_event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["seal"], ["audit_seal.number"], name=op.f("fk_sealed_event_seal_audit_seal")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_sealed_event")),
    )
    op.create_index("ix_sealed_event_place", "sealed_event", ["seal", "place"], unique=True)


def downgrade() -> None:
    for table in ("erasure", "sealed_event", "audit_seal"):
        op.drop_table(table)
    op.drop_index("ix_event_at", table_name="event")
    # Whoever is gone by then is named by no row any more: the keys could not be made otherwise.
    for column, table in _LET_GO:
        op.execute(f"UPDATE event SET {column} = NULL WHERE {column} NOT IN (SELECT id FROM {table})")  # noqa: S608 - names of ours
    with op.batch_alter_table("event") as batch:
        for column, table in _LET_GO:
            batch.create_foreign_key(op.f(f"fk_event_{column}_{table}"), table, [column], ["id"], ondelete="SET NULL")
