"""Names of attributes as a person types them: what is offered, what is refused, which keys are asked for."""

from __future__ import annotations

import pytest

from upsdesk.dicom import paths
from upsdesk.domain import tags
from upsdesk.domain.query import WORKLIST_RETURN_KEYS, with_return_keys
from upsdesk.services.attribute_names import read_path, refusal_of, suggestions

COMMENTS = "CommentsOnTheScheduledProcedureStep"


@pytest.mark.parametrize("typed", [COMMENTS, "00400400", "(0040,0400)", f" {COMMENTS} "])
def test_keyword_and_tag_name_the_same(typed: str) -> None:
    named = read_path(typed)
    assert (named.path, named.keywords, named.vr) == (
        (tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP,),
        COMMENTS,
        "LT",
    )
    assert named.name == "Comments on the Scheduled Procedure Step"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("worklistl", "WorklistLabel"),
        ("worklist l", "WorklistLabel"),
        ("accession", "AccessionNumber"),  # not at the top level of a UPS, so from the whole dictionary
        ("ScheduledWorkitemCodeSequence/mean", "ScheduledWorkitemCodeSequence/CodeMeaning"),
        ("00404018/codem", "00404018/CodeMeaning"),
        ("ReferencedRequestSequence/acc", "ReferencedRequestSequence/AccessionNumber"),
    ],
)
def test_what_is_offered_first(typed: str, first: str) -> None:
    assert suggestions(typed)[0].text == first


def test_behind_a_sequence_its_own_attributes_are_offered() -> None:
    offered = [one.text for one in suggestions("ReferencedRequestSequence/", 40)]
    assert "ReferencedRequestSequence/RequestedProcedureID" in offered
    assert not any(text.endswith("/PatientName") for text in offered)
    assert suggestions("NoSuchSequence/") == ()


def test_the_lock_and_what_is_no_attribute_are_refused() -> None:
    assert "Transaction UID" in refusal_of((tags.TRANSACTION_UID,))
    for path in [(0x00020010,), (0x00100000,), (tags.REFERENCED_REQUEST_SEQUENCE, 0xFFFEE000)]:
        assert refusal_of(path), path
    assert not refusal_of((tags.REFERENCED_REQUEST_SEQUENCE, tags.ACCESSION_NUMBER))


def test_a_key_inside_a_sequence_takes_nothing_from_the_others() -> None:
    whole, part = (
        (tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,),
        (
            tags.SCHEDULED_WORKITEM_CODE_SEQUENCE,
            tags.CODE_VALUE,
        ),
    )
    assert with_return_keys(WORKLIST_RETURN_KEYS, [part]) == WORKLIST_RETURN_KEYS
    # Asked for whole, a sequence takes the place of what was asked for of it.
    request = (tags.REFERENCED_REQUEST_SEQUENCE,)
    keys = with_return_keys(WORKLIST_RETURN_KEYS, [request])
    assert request in keys and (*request, tags.ACCESSION_NUMBER) not in keys
    assert whole in keys
    comments = (tags.COMMENTS_ON_THE_SCHEDULED_PROCEDURE_STEP,)
    assert with_return_keys(WORKLIST_RETURN_KEYS, [comments, comments])[-1] == comments


def test_what_is_longer_than_any_name_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the name of any attribute"):
        read_path("PatientName/" * 3000)


def test_the_same_wrong_keyword_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    close = paths.difflib.get_close_matches

    def counted(word: str, *more: object, **others: object) -> list[str]:
        looked_up.append(word)
        return close(word, *more, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(paths.difflib, "get_close_matches", counted)
    for _ in range(5):
        with pytest.raises(ValueError, match="did you mean PatientName"):
            read_path("PatientNameX")
    assert len(looked_up) == 1
