"""What a peer stored compared with what was sent: success does not mean stored."""

from __future__ import annotations

from collections.abc import Iterable

from upsdesk.domain import tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.errors import NoAnswer
from upsdesk.domain.status import no_answer
from upsdesk.services.act import Act
from upsdesk.services.loading import load_dicom
from upsdesk.services.whole import tags_to_read_back

_NOT_COMPARED = frozenset(
    {tags.SPECIFIC_CHARACTER_SET, tags.TRANSACTION_UID, tags.SCHEDULED_PROCEDURE_STEP_MODIFICATION_DATE_TIME}
)


async def read_back(act: Act, sent: Elements) -> None:
    """Read the workitem again and note what is not as it was sent; a read that fails is a note too."""
    try:
        answer = await act.desk.gateway.get(act.peer, act.key.uid, tags_to_read_back(sent))
    except NoAnswer as error:
        act.notes.append(f"It could not be read back: {no_answer(error).meaning}")
        return
    act.answers.append(answer)
    if answer.elements is None or not answer.outcome.is_done:
        act.notes.append(f"It could not be read back: {answer.outcome.meaning}")
        return
    await act.take_in(answer)
    act.notes.extend(differences(sent, answer.elements))


def differences(sent: Elements, stored: Elements) -> tuple[str, ...]:
    """One sentence for each attribute that is missing or different; what the peer added is no difference."""
    compared = [element for element in sent if element.tag not in _NOT_COMPARED and not element.is_empty]
    found = []
    for element in compared:
        kept = stored.get(element.tag)
        if kept is None or kept.is_empty:
            found.append(f"The server dropped {attribute_name(element.tag)}.")
        elif not _contains(kept, element):
            found.append(f"The server changed {attribute_name(element.tag)}.")
    return tuple(found)


def _contains(kept: Element, sent: Element) -> bool:
    if sent.items is None:
        return kept.raw == sent.raw and _plain(kept) == _plain(sent)
    if kept.items is None or len(kept.items) != len(sent.items):
        return False
    return all(
        _has_all(kept_item, sent_item) for kept_item, sent_item in zip(kept.items, sent.items, strict=True)
    )


def _has_all(kept: Elements, sent: Iterable[Element]) -> bool:
    for element in sent:
        found = kept.get(element.tag)
        if found is None:
            if not element.is_empty:
                return False
        elif not _contains(found, element):
            return False
    return True


def _plain(element: Element) -> tuple[str, ...]:
    """Values without padding; numbers written as text count by their value."""
    texts = tuple(str(value).strip(" \0") for value in element.values)
    if element.vr not in ("DS", "IS"):
        return texts
    try:
        return tuple(str(float(text)) for text in texts)
    except ValueError:
        return texts


def attribute_name(tag: int) -> str:
    """The name of an attribute as PS3.6 writes it, else its tag."""
    load_dicom()
    from upsdesk.dicom.dictionary import name_of

    return name_of(tag)
