"""Who has time now, who said yes too late, and when the coordinators are told that help is still missing.

Every new column may be left out, so the release before goes on working while this one starts.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = models.base.UTCDateTime(timezone=True)
_OPEN = sa.text("state = 'open'")
_NEW_COLUMNS = (
    ("person", "available_until", _INSTANT),
    ("invitation", "said_yes_at", _INSTANT),
    ("help_request", "renewed_at", _INSTANT),
    ("help_request", "escalate_at", _INSTANT),
    ("help_request", "escalated_at", _INSTANT),
    ("help_request", "tried", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")),
)


def upgrade() -> None:
    for table, name, kind in _NEW_COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_help_request_open_by_escalation",
        "help_request",
        ["escalate_at"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index("ix_help_request_open_by_escalation", table_name="help_request")
    for table, name, _kind in _NEW_COLUMNS:
        op.drop_column(table, name)
