"""Tenant names."""

import pytest

from sightline.domain.errors import InvalidTenant
from sightline.domain.tenancy import tenant


@pytest.mark.parametrize("name", ["default", "team-a", "a.b_c!*'()", "x" * 150])
def test_names_that_mimir_takes_are_tenants(name: str) -> None:
    """The allowed characters and length are those of X-Scope-OrgID elsewhere."""
    assert tenant(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a|b", "ü", "a b", "a\n", "x" * 151])
def test_other_names_are_refused(name: str) -> None:
    """A name that could be a path, several tenants, or unreadable is no tenant."""
    with pytest.raises(InvalidTenant):
        tenant(name)
