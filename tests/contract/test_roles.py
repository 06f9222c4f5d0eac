"""The page of roles says what the table does, and the table knows every resource that routes declare."""

from pathlib import Path

import pytest

from brb_api_gateway.access import Resource
from brb_shared.access.document import render_roles
from brb_shared.access.resources import RESOURCES

PAGE = Path(__file__).parents[2] / "docs/contracts/roles.md"


def test_the_page_of_roles_is_current() -> None:
    assert PAGE.read_text() == render_roles(), "run: python -m brb_authz roles > docs/contracts/roles.md"


@pytest.mark.parametrize("resource", list(Resource))
def test_what_a_route_of_the_gateway_is_about_stands_in_the_table_of_resources(resource: Resource) -> None:
    assert resource.value in {known.name for known in RESOURCES}, "add it to brb_shared/access/resources.py"
