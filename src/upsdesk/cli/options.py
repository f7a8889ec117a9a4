"""The options that several verbs share: connection, workitem, attributes, output."""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from upsdesk.cli.exits import UsageError
from upsdesk.cli.parser import Parser, reading, seconds
from upsdesk.domain.keys import AeTitle, SopInstanceUid, TransactionUid
from upsdesk.domain.peer import UpsClass

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.domain.elements import Elements, Path
    from upsdesk.domain.query import MatchingKey

TRANSFER_SYNTAXES = ("implicit", "explicit", "big", "deflated")
SCU_CLASSES = (UpsClass.PUSH, UpsClass.PULL, UpsClass.WATCH, UpsClass.QUERY)
"""What our associations propose: UPS Event belongs to the listener."""
uid = reading(SopInstanceUid.parse)


def add_common(parser: Parser) -> None:
    """What every verb knows."""
    parser.add_argument(
        "--data-dir",
        type=FilePath,
        metavar="DIR",
        help="profiles, vault and journal; default: UPSDESK_DATA_DIR, else the platform's folder",
    )
    parser.add_argument(
        "-v",
        dest="verbose",
        action="count",
        default=0,
        help="show associations and statuses on standard error; -vv the messages, patient data included",
    )


def usable_data_folder(options: argparse.Namespace, console: Console) -> FilePath:
    """The data folder of the line, made when it is not there; raise UsageError when it cannot be written."""
    from upsdesk.bootstrap.core import data_folder
    from upsdesk.services.files import prepare_folder

    folder = data_folder(options.data_dir, console.environment)
    try:
        prepare_folder(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise UsageError(
            f"cannot write in the data folder {folder}: {error.strerror or error}; "
            "name another with --data-dir or UPSDESK_DATA_DIR"
        ) from None
    return folder


def add_peer(parser: Parser) -> None:
    parser.add_argument(
        "peer",
        metavar="PEER",
        help="AET@host:port, AET@host (port 104), a saved profile's name, or AET (localhost:104)",
    )


def add_connection(parser: Parser, *, via: Sequence[UpsClass] = ()) -> None:
    """How to talk to the peer; what is not given comes from its profile."""
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--aet", type=reading(AeTitle.parse), metavar="AET", help="own AE title; default UPSDESK"
    )
    for name, words in (
        ("connect", "the TCP connection"),
        ("acse", "the answer to the association request"),
        ("dimse", "the answer to a message"),
        ("release", "the answer to the release; default: as --acse-timeout"),
        ("network", "the peer to say anything at all"),
    ):
        group.add_argument(
            f"--{name}-timeout", type=reading(seconds), metavar="S", help=f"seconds to wait for {words}"
        )
    group.add_argument(
        "--transfer-syntax",
        action="append",
        choices=TRANSFER_SYNTAXES,
        help="offer only this one (repeatable); default implicit and explicit",
    )
    group.add_argument(
        "--max-pdu", type=reading(_pdu), metavar="BYTES", help="largest PDU taken; 0: no limit"
    )
    if via:
        group.add_argument(
            "--via",
            choices=[one.value.lower() for one in via],
            help="send on the presentation context of this UPS SOP Class; default: the right one",
        )


def _pdu(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 0xFFFFFFFF:
        raise ValueError(f"{text!r} is no PDU size: a number of bytes is needed, or 0")
    if 0 < int(text) < 256:
        raise ValueError(f"{text!r} is too small for a PDU: 256 bytes or more are needed, or 0 for no limit")
    return int(text)


def add_uid(
    parser: argparse._ActionsContainer,
    *,
    required: bool = True,
    words: str = "SOP Instance UID of the workitem",
) -> None:
    parser.add_argument("--iuid", type=uid, required=required, metavar="UID", help=words)


def add_lock(parser: Parser) -> None:
    """The Transaction UID of a claimed workitem, and whether the vault takes part."""
    parser.add_argument(
        "--tuid",
        type=reading(TransactionUid.parse),
        metavar="UID",
        help="Transaction UID; default: from the vault",
    )
    parser.add_argument(
        "--no-vault", action="store_true", help="send only what --tuid gives, and keep nothing"
    )


def add_assignments(parser: Parser) -> None:
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="attribute by keyword or 8 hex digits, nested with /; backslash between values (repeatable)",
    )


def add_matching_keys(parser: Parser) -> None:
    parser.add_argument(
        "-q",
        dest="matching",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="matching key (repeatable)",
    )


def add_plain_format(parser: Parser) -> None:
    """For verbs that print no data set."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="plain text, or one JSON object"
    )


def via_of(options: argparse.Namespace) -> UpsClass | None:
    """The SOP Class that --via forces, or None for the right one."""
    name = getattr(options, "via", None)
    return UpsClass(name.capitalize()) if name else None


def via_argument(options: argparse.Namespace) -> dict[str, UpsClass]:
    """The keyword argument for UpsScu, or none."""
    via = via_of(options)
    return {"via": via} if via else {}


def path_of(text: str) -> Path:
    """An attribute path; raise UsageError naming the part that is none."""
    from upsdesk.dicom.paths import parse_path

    try:
        return parse_path(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def split_assignment(option: str, text: str) -> tuple[Path, str]:
    """`PATH=VALUE`; raise UsageError when it is not."""
    path, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{option} {text!r} has no value: write PATH=VALUE")
    return path_of(path), value


def elements_of(assignments: Iterable[str]) -> Elements:
    """The data set that the values of --set describe; raise UsageError for one that cannot be."""
    from upsdesk.domain.elements import Elements

    return assigned(Elements(), assignments)


def assigned(base: Elements, assignments: Iterable[str]) -> Elements:
    """`base` with the values of --set; `[2]` after a sequence means its second item. Raise UsageError."""
    from upsdesk.dicom.paths import element_from_text, parse_steps, placed

    found = {}
    for text in assignments:
        path, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text!r} has no value: write PATH=VALUE")
        try:
            steps = parse_steps(path)
            if steps in found:
                raise UsageError(f"--set names {path} twice")
            found[steps] = element_from_text(steps[-1][0], value)
        except ValueError as error:
            raise UsageError(str(error)) from None
    try:
        return placed(base, found.items())
    except ValueError as error:
        raise UsageError(str(error)) from None


def add_file(parser: argparse._ActionsContainer, words: str) -> None:
    parser.add_argument("-f", dest="file", type=FilePath, metavar="FILE", help=words)


def matching_keys(assignments: Iterable[str]) -> tuple[MatchingKey, ...]:
    """The matching keys that the values of -q describe."""
    from upsdesk.domain.query import MatchingKey

    pairs = [split_assignment("-q", text) for text in assignments]
    _refuse_twice("-q", [path for path, _ in pairs])
    return tuple(MatchingKey(path, value) for path, value in pairs)


def _refuse_twice(option: str, paths: Sequence[Path]) -> None:
    for index, path in enumerate(paths):
        if path in paths[:index]:
            from upsdesk.dicom.paths import path_text

            raise UsageError(f"{option} names {path_text(path)} twice")
