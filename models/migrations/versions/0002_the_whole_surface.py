"""Second factors, settings of quarters, requests on behalf of others, and first tasks that wait for a word."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = models.base.UTCDateTime(timezone=True)
_PERSON = "person.id"


def upgrade() -> None:
    op.add_column("person", sa.Column("contact_phone", sa.String(length=20), nullable=True))
    op.create_index(op.f("ix_person_contact_phone"), "person", ["contact_phone"])
    op.add_column("sign_in_session", sa.Column("second_factor_at", _INSTANT, nullable=True))
    _second_factors()
    _settings()
    _intake()


def _second_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], [_PERSON], name=op.f("fk_second_factor_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], [_PERSON], name=op.f("fk_recovery_code_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_person_id"), "recovery_code", ["person_id"])


def _settings() -> None:
    op.create_table(
        "quarter_settings",
        sa.Column("quarter_id", sa.Uuid(), nullable=False),
        sa.Column(
            "dispatch", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("confirm_first_tasks", sa.Integer(), nullable=False),
        sa.Column("contact_name", sa.String(length=120), nullable=True),
        sa.Column("contact_phone", sa.String(length=40), nullable=True),
        sa.Column("contact_email", sa.String(length=254), nullable=True),
        sa.Column("contact_hours", sa.String(length=200), nullable=True),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "confirm_first_tasks BETWEEN 0 AND 20", name=op.f("ck_quarter_settings_confirm_first_tasks_range")
        ),
        sa.ForeignKeyConstraint(
            ["quarter_id"], ["quarter.id"], name=op.f("fk_quarter_settings_quarter_id_quarter"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("quarter_id", name=op.f("pk_quarter_settings")),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("quarter_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("from_day <= until_day", name=op.f("ck_closure_days_in_order")),
        sa.ForeignKeyConstraint(
            ["quarter_id"], ["quarter.id"], name=op.f("fk_closure_quarter_id_quarter"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index(op.f("ix_closure_quarter_id"), "closure", ["quarter_id"])


def _intake() -> None:
    op.create_table(
        "confirmation",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
            name=op.f("fk_confirmation_assignment_id_assignment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], [_PERSON], name=op.f("fk_confirmation_confirmed_by_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_confirmation")),
    )
    op.create_table(
        "intake",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("consent_given_at", _INSTANT, nullable=False),
        sa.Column("consent_text_version", sa.String(length=40), nullable=False),
        sa.CheckConstraint("channel IN ('app', 'phone', 'desk')", name=op.f("ck_intake_channel_known")),
        sa.ForeignKeyConstraint(
            ["entered_by"], [_PERSON], name=op.f("fk_intake_entered_by_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["help_request.id"], name=op.f("fk_intake_request_id_help_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_intake")),
    )


def downgrade() -> None:
    for table in ("intake", "confirmation", "closure", "quarter_settings", "recovery_code", "second_factor"):
        op.drop_table(table)
    op.drop_column("sign_in_session", "second_factor_at")
    op.drop_index(op.f("ix_person_contact_phone"), table_name="person")
    op.drop_column("person", "contact_phone")
