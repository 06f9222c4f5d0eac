"""The level-triggered loop: rows that are due, claimed by lease, worked on in short passes."""

from brb_shared.reconcile.errors import ReconcileError, TerminalError, TransientError
from brb_shared.reconcile.loop import Loop, Reconciler
from brb_shared.reconcile.results import Absent, Again, Result, Settled
from brb_shared.reconcile.work import Lease, LeaseLost, WorkRow, wake

__all__ = [
    "Absent",
    "Again",
    "Lease",
    "LeaseLost",
    "Loop",
    "ReconcileError",
    "Reconciler",
    "Result",
    "Settled",
    "TerminalError",
    "TransientError",
    "WorkRow",
    "wake",
]
