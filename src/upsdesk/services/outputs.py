"""Reading which instances files hold, behind the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from upsdesk.services.threads import in_thread

if TYPE_CHECKING:
    from upsdesk.dicom.instances import FilesRead

_MOST_FILES = 20_000


async def read_files(paths: Sequence[Path]) -> FilesRead:
    """What files, and folders with all that is below them, hold; each instance once."""

    def read() -> FilesRead:
        from upsdesk.dicom.instances import read_instances

        return read_instances(paths, most=_MOST_FILES)

    return await in_thread(read, "read instances")
