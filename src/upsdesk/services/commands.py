"""What can be done to a workitem, each as one object: why not, what is sent, and what became of it."""

from __future__ import annotations

from upsdesk.services.claim import Claim, Resolve
from upsdesk.services.create import Create
from upsdesk.services.ending import Cancel, Complete, CreateAgain
from upsdesk.services.holder import Edit, ReportProgress
from upsdesk.services.request_cancel import RequestCancel
from upsdesk.services.results import Fact, FactChange, Result, ResultKind, ShownFacts

__all__ = [
    "Cancel",
    "Claim",
    "Complete",
    "Create",
    "CreateAgain",
    "Edit",
    "Fact",
    "FactChange",
    "ReportProgress",
    "RequestCancel",
    "Resolve",
    "Result",
    "ResultKind",
    "ShownFacts",
]
