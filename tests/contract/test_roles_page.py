"""The page of the built-in roles says what the table says."""

from pathlib import Path

from brb_shared.access.document import render_roles

PAGE = Path(__file__).parents[2] / "docs" / "contracts" / "roles.md"


def test_the_page_of_the_roles_is_current() -> None:
    assert PAGE.read_text() == render_roles(), "run: python -m brb_authz roles > docs/contracts/roles.md"
