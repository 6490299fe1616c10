"""A release goes on serving while the next one migrates the database under it."""

from sqlalchemy import text

from nachbarschaft import schema
from nachbarschaft.queries.health import read_health
from tests.cli.test_check import run_check
from tests.support.town import Town


def stamp(town: Town, revision: str) -> None:
    with town.wiring.writing() as context:
        context.session.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


def test_a_revision_that_only_a_newer_release_knows_is_served(town: Town) -> None:
    stamp(town, "made_later")

    assert town.call("GET", "/health/ready").status_code == 200
    said = run_check(town.wiring.settings.database_url)
    assert said.exit_code == 0, said.output
    assert "made by a release newer than this one" in said.output


def test_a_revision_that_lies_behind_is_not(town: Town) -> None:
    stamp(town, "0001")

    assert town.call("GET", "/health/ready").status_code == 503
    assert run_check(town.wiring.settings.database_url).exit_code == 1


def test_an_empty_database_is_not_either(town: Town) -> None:
    assert not schema.serves(None)
    with town.wiring.reading() as context:
        assert read_health(context).is_ready
