"""One association of a raw verb: opened when first needed, told about with -v, aborted when interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upsdesk.cli.console import Console
    from upsdesk.dicom.scu import UpsScu
    from upsdesk.domain.peer import Peer


@contextmanager
def association(console: Console, peer: Peer) -> Iterator[UpsScu]:
    """The SCU of `peer` for as long as the block runs."""
    from upsdesk.dicom.scu import UpsScu

    console.detail(f"peer {peer.address}, called by {peer.calling_aet}")
    scu = UpsScu(peer)
    try:
        yield scu
    except BaseException:
        # Ctrl+C, or a failure of our own: nothing that the peer might still answer is waited for.
        scu.abort()
        raise
    else:
        scu.release()
