"""Which desk says whether names are hidden, for functions that make words and know no desk."""

from __future__ import annotations

from upsdesk.domain.elements import Path
from upsdesk.domain.workitem import PatientFacts, Workitem
from upsdesk.services.privacy import Privacy

_followed: list[Privacy] = []
"""At most one: a program has one desk."""


def follow(privacy: Privacy | None) -> None:
    """From now on words are made as it says; None: nothing is hidden."""
    _followed[:] = [privacy] if privacy is not None else []


def is_on() -> bool:
    return bool(_followed) and _followed[0].is_hidden


def facts(real: PatientFacts) -> PatientFacts:
    """As `Privacy.facts`."""
    return _followed[0].facts(real) if _followed else real


def words(text: str, workitem: Workitem | None) -> str:
    """As `Privacy.words`."""
    return text if not _followed else _followed[0].words(text, workitem)


def typed(text: str) -> str:
    """As `Privacy.typed`."""
    return text if not _followed else _followed[0].typed(text)


def at(path: Path, text: str, workitem: Workitem) -> str:
    """As `Privacy.at`."""
    return text if not _followed else _followed[0].at(path, text, workitem)
