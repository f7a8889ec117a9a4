"""Which status, Error Comment and offending attributes tell what is wrong with a data set (PS3.7 Annex C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upsdesk.domain import attributes, tags
from upsdesk.domain.elements import Element, Elements
from upsdesk.domain.validation import Kind, Problem, only
from upsdesk.scp.services.common import COMMENT_LENGTH, Reply

NO_SUCH_ATTRIBUTE = 0x0105
INVALID_VALUE = 0x0106
ATTRIBUTE_LIST_ERROR = 0x0107
OUT_OF_RANGE = 0x0116
MISSING_ATTRIBUTE = 0x0120
MISSING_VALUE = 0x0121
NOT_SCHEDULED = 0xC309

CREATE_STATUSES: Mapping[Kind, int] = {
    Kind.MISSING: MISSING_ATTRIBUTE,
    Kind.EMPTY: MISSING_VALUE,
    Kind.FORBIDDEN: NO_SUCH_ATTRIBUTE,
    Kind.NOT_SCHEDULED: NOT_SCHEDULED,
    Kind.INVALID: INVALID_VALUE,
}
"""In the order in which they are told: an answer has one status."""

SET_STATUSES: Mapping[Kind, int] = {
    Kind.FORBIDDEN: NO_SUCH_ATTRIBUTE,
    Kind.MISSING: MISSING_VALUE,
    Kind.EMPTY: MISSING_VALUE,
    Kind.INVALID: INVALID_VALUE,
}
"""PS3.7 10.1.3 has no 0120 for N-SET: what an item lacks is a value that its sequence lacks."""


def refusal(problems: Sequence[Problem], statuses: Mapping[Kind, int]) -> Reply | None:
    """The answer to a data set with these problems; None when none of them is a reason to refuse it."""
    for kind, status in statuses.items():
        found = only(problems, kind)
        if found:
            return Reply(status, _comment(kind, found), _top_level(found))
    return None


def out_of_range(problems: Sequence[Problem], sent: Elements) -> Reply | None:
    """The warning for values that were stored and are out of range: it carries them back (PS3.7 Annex C)."""
    found = only(problems, Kind.OUT_OF_RANGE)
    if not found:
        return None
    offending = _top_level(found)
    told: list[Element] = [one for one in sent if one.tag in offending]
    return Reply(OUT_OF_RANGE, _comment(Kind.OUT_OF_RANGE, found), offending, Elements(told))


_FOREIGN_GROUPS = frozenset({0x0000, 0x0002, 0x0004, 0x0006})
"""Of command sets, file heads and directories; no data set has them (PS3.5 7.1). Some clients send them."""
_PADDING = 0xFFFCFFFC


def without_foreign(elements: Elements) -> Elements:
    """`elements` without what belongs into no data set."""
    strange = [tag for tag in elements.tags if tag >> 16 in _FOREIGN_GROUPS or tag == _PADDING]
    return elements.without(*strange) if strange else elements


def not_recognized(sent: Elements) -> Reply | None:
    """The warning that names what `without_foreign` has left out; None when there was nothing."""
    found = tuple(sorted(tag for tag in sent.tags if tag >> 16 in _FOREIGN_GROUPS))
    return (
        Reply(ATTRIBUTE_LIST_ERROR, naming("not kept", [keyword(tag) for tag in found]), found)
        if found
        else None
    )


def naming(words: str, names: Sequence[str]) -> str:
    """`words: Keyword, Keyword` as far as an Error Comment holds it."""
    return shortened(f"{words}: {', '.join(names)}")


def shortened(text: str) -> str:
    """`text` as an Error Comment (0000,0902) can hold it."""
    return text if len(text) <= COMMENT_LENGTH else text[: COMMENT_LENGTH - 3] + "..."


def keyword(tag: int) -> str:
    """The keyword of a top-level attribute, else `(gggg,eeee)`."""
    rows = attributes.top_level()
    return rows[tag].keyword if tag in rows else tags.tag_text(tag)


def _comment(kind: Kind, found: Sequence[Problem]) -> str:
    if len(found) == 1 and kind in (Kind.INVALID, Kind.OUT_OF_RANGE):
        whole = f"{found[0].keyword} {found[0].words}"
        if len(whole) <= COMMENT_LENGTH:
            return whole
    if len(found) == 1 and len(found[0].path) > 1:
        # The attribute first: when the comment is cut off, the sequence around it is what gets lost.
        return shortened(f"{kind.value}: {found[0].keyword} in {keyword(found[0].path[0])}")
    return naming(kind.value, list(dict.fromkeys(problem.keyword for problem in found)))


def _top_level(found: Sequence[Problem]) -> tuple[int, ...]:
    """The top-level attributes in which the problems are: the elements of the data set itself."""
    return tuple(sorted({problem.path[0] for problem in found}))
