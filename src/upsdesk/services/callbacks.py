"""Who hears of something: the callbacks that one source tells, in the order in which they were added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

Told = ParamSpec("Told")


class Callbacks(Generic[Told]):
    """Callables of one signature; used on the loop's thread."""

    def __init__(self) -> None:
        self._all: list[Callable[Told, None]] = []

    def add(self, callback: Callable[Told, None]) -> Callable[[], None]:
        """Tell it from now on; the result ends that, and may be called again."""
        self._all.append(callback)

        def end() -> None:
            if callback in self._all:
                self._all.remove(callback)

        return end

    def tell(self, *args: Told.args, **kwargs: Told.kwargs) -> None:
        """Call all that are there now; one that comes or ends meanwhile changes the next time."""
        for callback in tuple(self._all):
            callback(*args, **kwargs)

    def clear(self) -> None:
        """Tell nobody any more."""
        self._all.clear()
