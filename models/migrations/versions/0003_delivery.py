"""Mail beside push, reminders, requests that nobody closed, and what tells how delivery and the jobs are.

Every new column may be left out, so the release before goes on working while this one starts.
"""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = models.base.UTCDateTime(timezone=True)
_OWED = sa.text("state IN ('pending', 'leased')")
_FILLED = sa.text("state = 'filled'")
_NEW_COLUMNS = (
    ("person", "pending_email", sa.String(length=254)),
    ("person", "email_refused_at", _INSTANT),
    ("preferences", "mail_stopped_at", _INSTANT),
    ("one_time_code", "sealed_code", sa.LargeBinary()),
    ("one_time_code", "new_email", sa.String(length=254)),
    ("notification", "replaced_at", _INSTANT),
    ("assignment", "reminded_day_for", _INSTANT),
    ("assignment", "reminded_hours_for", _INSTANT),
    ("help_request", "asked_if_done_at", _INSTANT),
)
_FILLED_IN = (
    ("delivery", "may_have_arrived", sa.Boolean(), sa.false()),
    ("help_request", "done_assumed", sa.Boolean(), sa.false()),
    ("job_run", "successes", sa.BigInteger(), sa.text("0")),
    ("job_run", "failures", sa.BigInteger(), sa.text("0")),
)


def upgrade() -> None:
    for table, name, kind in _NEW_COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    for table, name, filled_in, default in _FILLED_IN:
        op.add_column(table, sa.Column(name, filled_in, nullable=False, server_default=default))
    op.create_index(
        "ix_help_request_filled_by_end",
        "help_request",
        ["needed_until"],
        sqlite_where=_FILLED,
        postgresql_where=_FILLED,
    )
    _mail()
    op.create_table(
        "delivery_tally",
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("channel", "outcome", name=op.f("pk_delivery_tally")),
    )


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("lease_until", _INSTANT, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("may_have_arrived", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("outcome", sa.String(length=60), nullable=True),
        sa.Column("settled_at", _INSTANT, nullable=True),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'sent', 'dropped', 'failed')", name=op.f("ck_mail_state_known")
        ),
        sa.CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name=op.f("ck_mail_leased_has_end")),
        sa.CheckConstraint(
            "(state IN ('pending', 'leased')) = (settled_at IS NULL)", name=op.f("ck_mail_settled_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notification.id"],
            name=op.f("fk_mail_notification_id_notification"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("notification_id", name=op.f("uq_mail_notification_id")),
    )
    op.create_index("ix_mail_due", "mail", ["due_at", "id"], sqlite_where=_OWED, postgresql_where=_OWED)


def downgrade() -> None:
    op.drop_table("delivery_tally")
    op.drop_table("mail")
    op.drop_index("ix_help_request_filled_by_end", table_name="help_request")
    for table, name, *_ in (*_NEW_COLUMNS, *_FILLED_IN):
        op.drop_column(table, name)
