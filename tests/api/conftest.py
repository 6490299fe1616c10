"""Scenes: a town, and neighbours who have yet to find their parts."""

from collections.abc import Iterator

import pytest

from tests.api.cast import Cast
from tests.api.states import Scene
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def cast(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """Makes scenes."""
    with Cast(databases, tmp_path_factory.mktemp("cast")) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, cast: Cast) -> Scene:
    """A scene in a town that is as good as new, once on each system."""
    return cast.scene(request.param)


@pytest.fixture
def small_scene(cast: Cast) -> Scene:
    """The same on SQLite alone, for what does not depend on the system."""
    return cast.scene("sqlite")
