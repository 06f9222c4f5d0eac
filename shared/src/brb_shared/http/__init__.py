"""HTTP: the FastAPI application every service starts from, problems, and calls between services."""

from brb_shared.http.app import create_app
from brb_shared.http.problems import FieldError, Problem, ProblemDocument, problem_responses
from brb_shared.http.service_tokens import Caller, ServiceKey, ServiceVerifier, service_caller

__all__ = [
    "Caller",
    "FieldError",
    "Problem",
    "ProblemDocument",
    "ServiceKey",
    "ServiceVerifier",
    "create_app",
    "problem_responses",
    "service_caller",
]
