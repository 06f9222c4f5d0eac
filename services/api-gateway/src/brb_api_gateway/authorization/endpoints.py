"""authz's API as the public one: roles, bindings, projects, namespaces, reviews and the audit log, passed on as it is.

How they are passed on is in `passing.py`; what they mean is in docs/contracts/access.md.
"""

from fastapi import APIRouter

from brb_api_gateway.authorization import projects, questions, roles

PASSED = (roles.router, projects.router, questions.router)

router = APIRouter()
for _passed in PASSED:
    router.include_router(_passed)
