"""Every test that asks for a `city` runs in the generated one, and in each real one at hand."""

import pytest

from tests.nachbarschaft.geography.cities import City, city_called, city_names


@pytest.fixture(scope="session", params=city_names())
def city(request: pytest.FixtureRequest) -> City:
    """A city with dozens of quarters."""
    return city_called(request.param)
