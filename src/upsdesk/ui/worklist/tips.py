"""What a cell of the worklist says when the pointer rests on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from upsdesk.domain.codes import Code
from upsdesk.services.flags import Following, Mark, MarkKind
from upsdesk.ui import presenter
from upsdesk.ui.presenter import Due
from upsdesk.ui.query.words import aside_sentence
from upsdesk.ui.worklist.columns import AnyColumn, Column, PathColumn, moment_of
from upsdesk.ui.worklist.path_values import PathValues
from upsdesk.ui.worklist.row import Row


def cell_tip(row: Row, column: AnyColumn, due: Due, zone: tzinfo) -> str:
    """Empty where the cell already says everything."""
    item = row.workitem
    match column:
        case Column.HELD:
            return _sign_tip(row)
        case Column.STATE:
            return _state_tip(row, zone)
        case Column.START:
            if item.start is None:
                return ""
            return "\n".join(
                part for part in (_sentence(due.start), presenter.moment_tip(item.start, zone)) if part
            )
        case Column.STARTS_IN | Column.EXPECTED_END | Column.EXPIRATION | Column.MODIFIED:
            moment = moment_of(item, column)
            return presenter.moment_tip(moment, zone) if moment else ""
        case Column.PERFORMER:
            return "\n".join(item.performers)
        case Column.PERFORMED_STATION:
            return _codes_tip(item.performed_stations)
        case Column.FOLLOWED:
            return _FOLLOWED_TIPS[row.followed]
        case Column.DUE:
            return _sentence(due.sentence)
        case Column.INPUTS:
            return presenter.readiness_words(item.readiness)
        case Column.LABEL:
            kind = item.work_type.meaning if item.work_type else ""
            return "\n".join(dict.fromkeys(part for part in (item.label_words, kind) if part))
        case Column.STATION:
            return _codes_tip(item.stations)
        case Column.PROGRESS:
            return item.progress.description
        case PathColumn():
            read = row.reading.read
            return read.tip(item, column) if isinstance(read, PathValues) else row.path_value(column).text
        case _:
            return ""


def _codes_tip(codes: Iterable[Code]) -> str:
    return "\n".join(f"{code.value}  {code.meaning}".strip() for code in codes)


_FOLLOWED_TIPS = {
    Following.NO: "",
    Following.YES: "This desk has subscribed to this workitem.",
    Following.KEPT: "This desk has subscribed to this workitem; the server keeps it until that ends.",
}


def _sign_tip(row: Row) -> str:
    told = ["Held by this desk."] if row.is_held else []
    if row.mark is not None:
        told.append(mark_sentence(row.mark))
    if row.asked_words:
        told.append(f"{row.asked_words.capitalize()}. It goes on until its holder cancels it.")
    if row.followed is not Following.NO:
        told.append(_FOLLOWED_TIPS[row.followed])
    if row.aside is not None:
        told.append(aside_sentence(row.aside))
    return "\n".join(told)


def _state_tip(row: Row, zone: tzinfo) -> str:
    if row.is_gone:
        return "The server does not list it any more."
    reported = row.workitem.state_reported_at
    if reported is None:
        return ""
    return f"{presenter.state_words(row.workitem.state)} since {presenter.seconds_words(reported, zone)}"


def mark_sentence(mark: Mark) -> str:
    """What became of the act that left a mark on the row."""
    act = mark.action.value if mark.action else "The act"
    became = "was refused" if mark.kind is MarkKind.REFUSED else "got no answer"
    return f"{act} {became}. {presenter.outcome_sentence(mark.outcome)}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text else ""
