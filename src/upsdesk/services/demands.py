"""What each peer has asked for when it refused a final state: asked for again by the next dialog."""

from __future__ import annotations

from collections.abc import Iterable

from upsdesk.domain.elements import Path
from upsdesk.domain.keys import PeerId
from upsdesk.domain.state import ProcedureStepState
from upsdesk.services.desk_file import DeskFile
from upsdesk.services.threads import in_thread


class Demands:
    """In memory and in the desk's file; used on the loop's thread."""

    def __init__(self, file: DeskFile) -> None:
        """Read what is kept; raise DeskFileError."""
        self._file = file
        self._known = file.demands()

    def of(self, peer: PeerId, state: ProcedureStepState) -> tuple[Path, ...]:
        """Where the attributes stand that this peer has asked for before `state`."""
        return tuple(sorted(path for who, what, path in self._known if (who, what) == (peer, state)))

    async def note(self, peer: PeerId, state: ProcedureStepState, paths: Iterable[Path]) -> None:
        """The peer has asked for these; raise DeskFileError."""
        new = {(peer, state, path) for path in paths} - self._known
        if new:
            self._known |= new
            await in_thread(lambda: self._file.keep_demands(new), "demands")
