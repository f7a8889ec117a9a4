"""How high the rows of the worklist are."""

from __future__ import annotations

from enum import Enum

from upsdesk.ui import theme


class Density(Enum):
    """A choice of the person at the desk; the value is its word on the screen."""

    COMPACT = "Compact"
    NORMAL = "Normal"
    COMFORTABLE = "Comfortable"

    @property
    def row_height(self) -> int:
        """In pixels at 100 % (look.md, Grid)."""
        return {
            Density.COMPACT: theme.GRID.row_compact,
            Density.NORMAL: theme.GRID.row_normal,
            Density.COMFORTABLE: theme.GRID.row_comfortable,
        }[self]
