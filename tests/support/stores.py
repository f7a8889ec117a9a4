"""Stores of the SCP and workitems to put into them, without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from tests.support.plain_scu import workitem
from upsdesk.dicom import datasets
from upsdesk.domain import tags
from upsdesk.domain.events import ReportType
from upsdesk.domain.keys import SopInstanceUid
from upsdesk.domain.state import ProcedureStepState
from upsdesk.scp.model import OutgoingReport, Stored
from upsdesk.scp.narrowing import Narrowing
from upsdesk.scp.store.repository import Repository


@contextmanager
def opened(store: str | Path = ":memory:", **options: Any) -> Iterator[Repository]:
    """A store that is closed at the end."""
    repository = Repository(store, UTC, **options)
    try:
        yield repository
    finally:
        repository.close()


def stored(uid: str, **values: Any) -> Stored:
    """A workitem with `values` by keyword, in the state that they name."""
    elements = datasets.from_dataset(workitem(**values)).without(tags.TRANSACTION_UID)
    state = ProcedureStepState.read(elements.text(tags.PROCEDURE_STEP_STATE))
    assert state is not None
    return Stored(SopInstanceUid(uid), state, elements)


def put(repository: Repository, *workitems: Stored) -> None:
    with repository.writing() as writer:
        for one in workitems:
            writer.insert(one)


def uids(repository: Repository, narrowing: Narrowing = Narrowing()) -> list[str]:  # noqa: B008  frozen
    """What a search reads, in its order."""
    return [str(one.uid) for page in repository.pages(narrowing) for one in page]


def report(uid: str) -> OutgoingReport:
    """A report that can be told from others by its UID."""
    information = datasets.from_dataset(workitem()).only({tags.PROCEDURE_STEP_STATE})
    return OutgoingReport(ReportType.STATE_REPORT, SopInstanceUid(uid), information)
