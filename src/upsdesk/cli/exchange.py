"""One association of a raw verb: opened when first needed, told about with -v, aborted when interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from upsdesk.cli.exits import UsageError

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.domain.elements import Elements
    from upsdesk.domain.peer import Peer


@contextmanager
def association(console: Console, peer: Peer) -> Iterator[UpsScu]:
    """The SCU of `peer` for as long as the block runs; `-v` shows its traffic."""
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.dicom.wire_log import WireLog

    console.detail(f"{peer.address} called by {peer.calling_aet}")
    log = WireLog(console.detail, lambda elements: tell_data_set(console, "sending", elements))
    scu = UpsScu(peer, log)
    try:
        yield scu
        _tell_negotiated(console, scu)
    except ValueError as error:  # a value that cannot be written as the attribute that it is for
        scu.abort()
        raise UsageError(str(error)) from None
    except BaseException:
        # Ctrl+C, or a failure of our own: nothing that the peer might still answer is waited for.
        scu.abort()
        raise
    if scu.is_open:
        scu.release()
    else:
        scu.abort()


def _tell_negotiated(console: Console, scu: UpsScu) -> None:
    negotiated = scu.negotiated()
    if negotiated is not None:
        limit = negotiated.max_pdu or "no limit"
        console.detail(
            f"accepted: {negotiated.words()}; max PDU {limit}; {negotiated.implementation_version}"
        )


def tell_data_set(console: Console, title: str, elements: Elements | None) -> None:
    """Show a data set with `-vv`. The lock of a claim is never shown."""
    if console.verbosity < 2 or elements is None:
        return
    from upsdesk.cli.tables import data_set_lines
    from upsdesk.domain import tags

    console.message("\n".join([f"{title}:", *data_set_lines(elements.without(tags.TRANSACTION_UID), 1)]))
