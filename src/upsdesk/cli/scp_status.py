"""`upsdesk scp-status`: who would be told of what, and how it stands with their reports, from the store."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from upsdesk.cli import options as shared
from upsdesk.cli.exits import ExitStatus, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upsdesk.cli.console import Console
    from upsdesk.cli.parser import Parser
    from upsdesk.scp.store.status import ReceiverStatus, WorkitemStatus

_RECEIVERS = (
    "Receiving AE",
    "Told of",
    "Items",
    "Locks",
    "Waiting",
    "Sent",
    "Given up",
    "Dropped",
    "Last delivery",
    "Last error",
)
_UID_WIDTH = 64
_WORKITEMS = ("State", "SOP Instance UID", "Who would be told")


def configure(parser: Parser) -> None:
    parser.add_argument(
        "--store",
        required=True,
        metavar="PATH",
        help="the SQLite file or URL that upsdesk scp was given; the server may be running or not",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    shared.add_common(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    from upsdesk.scp.store.migrations import UnknownVersion
    from upsdesk.scp.store.status import observing

    try:
        with observing(options.store) as observer:
            receivers, workitems = observer.status(), list(observer.workitems())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot read the store {options.store}: {reason}") from None
    except UnknownVersion as error:
        raise UsageError(str(error)) from None
    if options.format == "json":
        found = {
            "receivers": [_receiver(one) for one in receivers],
            "workitems": [_workitem(one) for one in workitems],
        }
        console.result(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for line in _lines(receivers, workitems):
            console.result(line)
    return ExitStatus.DONE


def _lines(receivers: Sequence[ReceiverStatus], workitems: Sequence[WorkitemStatus]) -> list[str]:
    from upsdesk.cli.tables import table_lines

    if not receivers:
        return ["Nobody is subscribed, and no reports wait."]
    lines = table_lines(_RECEIVERS, [_cells(one) for one in receivers])
    filters = [f"Filter of {one.aet}: {one.filter_text}" for one in receivers if one.filter is not None]
    if filters:
        lines += ["", *filters]
    if workitems:
        rows = [(one.state.value, str(one.uid), _told(one)) for one in workitems]
        lines += ["", *table_lines(_WORKITEMS, rows, _UID_WIDTH)]
    return lines


def _cells(one: ReceiverStatus) -> tuple[str, ...]:
    error = f"{_moment(one.failed_at)} {one.error}" if one.failed_at is not None else ""
    return (
        str(one.aet),
        _told_of(one),
        str(one.workitems),
        str(one.locks),
        str(one.queued),
        str(one.sent),
        str(one.failed),
        str(one.dropped),
        _moment(one.delivered_at) or "never",
        error,
    )


def _told_of(one: ReceiverStatus) -> str:
    from upsdesk.scp.store.status import GlobalKind

    words = {
        GlobalKind.ALL: "all new ones",
        GlobalKind.FILTERED: "new ones by filter",
        GlobalKind.NONE: "single ones" if one.workitems else "nothing",
    }
    return words[one.global_kind] + (" (lock)" if one.global_lock else "")


def _told(one: WorkitemStatus) -> str:
    return ", ".join(f"{told.aet} (lock)" if told.lock else str(told.aet) for told in one.told)


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"


def _receiver(one: ReceiverStatus) -> dict[str, Any]:
    from upsdesk.dicom.json_model import to_json

    return {
        "receiving_aet": str(one.aet),
        "global": one.global_kind.value,
        "global_lock": one.global_lock,
        "filter": to_json(one.filter) if one.filter is not None else None,
        "workitems": one.workitems,
        "locks": one.locks,
        "queued": one.queued,
        "sent": one.sent,
        "failed": one.failed,
        "dropped": one.dropped,
        "delivered_at": _iso(one.delivered_at),
        "failed_at": _iso(one.failed_at),
        "error": one.error or None,
    }


def _workitem(one: WorkitemStatus) -> dict[str, Any]:
    return {
        "sop_instance_uid": str(one.uid),
        "state": one.state.value,
        "told": [{"receiving_aet": str(told.aet), "lock": told.lock} for told in one.told],
    }


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds")
