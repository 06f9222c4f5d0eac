"""Errors of a pass.

    ReconcileError              code, message, user_fixable
    ├── TransientError          expected to pass by itself: backs off from 1 s to 5 min with jitter
    └── TerminalError           somebody has to do something: a condition, with a slow retry; never a dead end

Any other exception that leaves a pass is our bug: logged with its traceback and reported as ERR_INTERNAL.
"""

from brb_shared.contracts.conditions import USER_FIXABLE, ErrorCode


class ReconcileError(Exception):
    def __init__(self, code: ErrorCode, message: str, *, user_fixable: bool | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.user_fixable = code in USER_FIXABLE if user_fixable is None else user_fixable


class TransientError(ReconcileError):
    pass


class TerminalError(ReconcileError):
    pass
