"""What a column that is a DICOM path shows of a workitem, and what sorts it: numbers, instants or text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial

from upsdesk.domain import tags
from upsdesk.domain.codes import Code
from upsdesk.domain.elements import Element, Elements, Path
from upsdesk.domain.folding import folded
from upsdesk.domain.plain import plain
from upsdesk.domain.when import Moment, moment_or_none, parse_date
from upsdesk.domain.workitem import Workitem, person_name_words
from upsdesk.services.store import WorklistStore
from upsdesk.ui import presenter
from upsdesk.ui.worklist.columns import PathColumn, PathValue

_NUMBERS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"})
_AS_NUMBERS = _NUMBERS | {"DT", "DA", "TM"}
"""Sorted by a number: the value, or the seconds or days that it means."""
_LONG_TEXTS = frozenset({"LT", "ST", "UT"})
"""May have several lines, which a tip shows."""
_UNREADABLE = float("inf")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_TIME_UNITS = (3600.0, 60.0, 1.0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BLANK_TEXT, _BLANK_NUMBER = PathValue("", "", False), PathValue("", _UNREADABLE, False)
ReadMoment = Callable[[str], Moment | None]


class PathValues:
    """Reads paths out of the store's data sets; what an answer did not carry is blank, never guessed."""

    def __init__(self, store: WorklistStore, clock: Callable[[], datetime], zone: tzinfo) -> None:
        """`zone`: times are written in it."""
        self._store = store
        self._clock = clock
        self._zone = zone

    def __call__(self, workitem: Workitem, column: PathColumn) -> PathValue:
        elements, vr = self._store.elements_of(workitem), column.vr
        found = elements_at(elements, column.path) if elements is not None else []
        if elements is None or not found:
            return _BLANK_NUMBER if vr in _AS_NUMBERS else _BLANK_TEXT
        read_moment: ReadMoment = self._moment_reader(elements, workitem) if vr == "DT" else moment_or_none
        text = ", ".join([word for one in found for word in self._words(one, vr, read_moment)])
        if vr not in _AS_NUMBERS:
            return PathValue(text, folded(text))
        first = next((written for one in found for written in _texts(one)), "")
        return PathValue(text, _number_of(first, vr, read_moment))

    def tip(self, workitem: Workitem, column: PathColumn) -> str:
        """What a cell says in full: of a time the value as it was written, and whose zone was used."""
        elements = self._store.elements_of(workitem)
        if elements is None:
            return ""
        if column.vr in _LONG_TEXTS:
            return "\n".join(text for one in elements_at(elements, column.path) for text in _texts(one))
        if column.vr != "DT":
            return self(workitem, column).text
        read_moment = self._moment_reader(elements, workitem)
        written = [text for one in elements_at(elements, column.path) for text in _texts(one)]
        moments = ((read_moment(text), text) for text in written)
        return "\n".join(presenter.moment_tip(one, self._zone) if one else text for one, text in moments)

    def _moment_reader(self, elements: Elements, workitem: Workitem) -> ReadMoment:
        return partial(
            moment_or_none,
            data_set_offset=elements.text(tags.TIMEZONE_OFFSET_FROM_UTC),
            default_zone=self._store.zone_of(workitem.key.peer),
        )

    def _words(self, element: Element, vr: str, read_moment: ReadMoment) -> Iterable[str]:
        if element.items is not None:
            return _item_words(element.items)
        if element.raw is not None:
            return (f"{len(element.raw)} bytes",) if element.raw else ()
        if vr == "DT":
            return (self._moment_words(written, read_moment) for written in _texts(element))
        return map(plain, map(_WRITERS.get(vr, str), _texts(element)))

    def _moment_words(self, written: str, read_moment: ReadMoment) -> str:
        moment = read_moment(written)
        return presenter.moment_words(moment, self._clock(), self._zone) if moment else written


def _texts(element: Element) -> Iterable[str]:
    """The values as they were written, without padding; empty ones left out."""
    return (written for value in element.values if (written := str(value).strip(" \0")))


def elements_at(elements: Elements, path: Path) -> list[Element]:
    """What stands at a path, in all items of the sequences on the way."""
    if len(path) == 1:
        only = elements.get(path[0])
        return [only] if only is not None else []
    here = [elements]
    for tag in path[:-1]:
        here = [item for one in here for item in one.items(tag)]
    return [found for one in here if (found := one.get(path[-1])) is not None]


def _item_words(items: Sequence[Elements]) -> Iterable[str]:
    """Codes by their meaning; of anything else only how many there are."""
    codes = [Code.read(item) for item in items]
    meanings = [code.meaning or code.value for code in codes]
    if all(meanings):
        return meanings
    return (presenter.count_words(len(items), "item"),) if items else ()


def _date_words(text: str) -> str:
    day = parse_date(text)
    return day.isoformat() if day else text


def _time_words(text: str) -> str:
    digits = text.partition(".")[0].replace(":", "")
    if len(digits) not in (2, 4, 6) or not (digits.isascii() and digits.isdigit()):
        return text
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _tag_words(text: str) -> str:
    is_tag = len(text) == 8 and set(text) <= _HEX_DIGITS
    return tags.tag_text(int(text, 16)) if is_tag else text


def _name_words(text: str) -> str:
    return "  ".join(words for group in text.split("=") if (words := person_name_words(group)))


_WRITERS: dict[str, Callable[[str], str]] = {
    "DA": _date_words,
    "TM": _time_words,
    "PN": _name_words,
    "AT": _tag_words,
}


def _number_of(written: str, vr: str, read_moment: ReadMoment) -> float:
    """What sorts a value; what cannot be read comes behind what can."""
    if vr == "DT":
        moment = read_moment(written)
        # Not timestamp(): years near 1 and 9999 are legal in a DT and too much for some platforms.
        return (moment.instant - _EPOCH).total_seconds() if moment else _UNREADABLE
    if vr == "DA":
        day = parse_date(written)
        return float(day.toordinal()) if day else _UNREADABLE
    if vr == "TM":
        parts = _time_words(written).split(":")
        if not all(part.isascii() and part.isdigit() for part in parts):
            return _UNREADABLE
        return sum(int(part) * unit for part, unit in zip(parts, _TIME_UNITS, strict=False))
    try:
        value = float(written)
    except ValueError:
        return _UNREADABLE
    return value if value == value else _UNREADABLE  # NaN is in no order with anything
