"""What keeps the window in step with the store beside the table itself; made and ended together."""

from __future__ import annotations

from upsdesk.services.desk import Desk
from upsdesk.ui.details.panel import DetailsPanel
from upsdesk.ui.look_alikes import LookAlikeMarks
from upsdesk.ui.worklist.panel import WorklistPanel


class LiveParts:
    """The marks of look-alikes."""

    def __init__(self, desk: Desk, worklist: WorklistPanel, details: DetailsPanel) -> None:
        self._marks = LookAlikeMarks(desk.look_alikes, worklist.view)
        self._marks.changed.connect(details.show_banner)

    def stop(self) -> None:
        self._marks.stop()
