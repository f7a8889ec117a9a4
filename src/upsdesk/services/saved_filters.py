"""The saved filters of a desk: what is kept of them in `filters.toml`, in which order, under which names."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from upsdesk.domain.saved_filter import BUILT_IN, SavedFilter
from upsdesk.services.callbacks import Callbacks
from upsdesk.services.files import FILTERS, write_atomically
from upsdesk.services.filter_fields import Unusable, read_filter, written_filter

_VERSION = 1
_LONGEST_NAME = 40
_MOST_BYTES = 1_000_000
_MOST_FILTERS = 200


class SavedFilters:
    """The built-in filters, then the user's in the user's order. Names differ by more than case.

    A file that cannot be read, wholly or in part, is kept aside, and `problem` says so in one sentence.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILTERS
        self._own: list[SavedFilter] = []
        self.problem = ""
        self._callbacks: Callbacks[[]] = Callbacks()
        self._read()

    @property
    def all(self) -> tuple[SavedFilter, ...]:
        return (*BUILT_IN, *self._own)

    @property
    def own(self) -> tuple[SavedFilter, ...]:
        return tuple(self._own)

    def by_name(self, name: str) -> SavedFilter | None:
        return next((one for one in self.all if one.name.casefold() == name.strip().casefold()), None)

    def problem_of_name(self, name: str, *, but: str = "") -> str:
        """Why a filter cannot be called so, as a sentence; empty when it can. `but` is its name now."""
        name = name.strip()
        if not name:
            return "The filter needs a name."
        if len(name) > _LONGEST_NAME or not name.isprintable():
            return f"A name has at most {_LONGEST_NAME} characters, all of which can be seen."
        if name.casefold() != but.casefold() and self.by_name(name) is not None:
            return f"Another filter is called “{name}”."
        return ""

    def add(self, wanted: SavedFilter, at: int | None = None) -> None:
        """Save one more, as number `at` of the user's; raise ValueError for its name, OSError."""
        if problem := self.problem_of_name(wanted.name):
            raise ValueError(problem)
        if len(self._own) >= _MOST_FILTERS:
            raise ValueError(f"There are {_MOST_FILTERS} saved filters already: delete one first.")
        own = list(self._own)
        own.insert(
            len(own) if at is None else at, replace(wanted, name=wanted.name.strip(), is_built_in=False)
        )
        self._store(own)

    def change(self, name: str, wanted: SavedFilter) -> None:
        """Put another filter, or the same under another name, in the place of one; raise as `add`.

        A built-in filter does not change: LookupError.
        """
        if problem := self.problem_of_name(wanted.name, but=name):
            raise ValueError(problem)
        own = list(self._own)
        own[self._at(name)] = replace(wanted, name=wanted.name.strip(), is_built_in=False)
        self._store(own)

    def remove(self, name: str) -> int:
        """Forget one and return the place where it stood; raise LookupError, OSError."""
        at = self._at(name)
        self._store([*self._own[:at], *self._own[at + 1 :]])
        return at

    def move(self, name: str, by: int) -> None:
        """Up (negative) or down among the user's own, as far as there is room."""
        own, at = list(self._own), self._at(name)
        to = min(max(at + by, 0), len(own) - 1)
        if to != at:
            own.insert(to, own.pop(at))
            self._store(own)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Hear of every change; the result ends that."""
        return self._callbacks.add(callback)

    def _at(self, name: str) -> int:
        for at, known in enumerate(self._own):
            if known.name.casefold() == name.casefold():
                return at
        raise LookupError(f"No filter of the user is called {name!r}")

    def _store(self, own: list[SavedFilter]) -> None:
        import tomli_w

        raw = {"version": _VERSION, "filter": [written_filter(one) for one in own]}
        write_atomically(self._path, tomli_w.dumps(raw))
        self._own = own
        self._callbacks.tell()

    def _read(self) -> None:
        try:
            entries = _entries(self._path)
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            self._keep_aside(f"The saved filters cannot be read ({_reason(error)})", moved=True)
            return
        unread = 0
        for entry in entries:
            try:
                found = read_filter(entry)
            except ValueError:
                unread += 1
                continue
            if self.problem_of_name(found.name) or len(self._own) >= _MOST_FILTERS:
                unread += 1
            else:
                self._own.append(found)
        if unread:
            which = "1 saved filter" if unread == 1 else f"{unread} saved filters"
            self._keep_aside(f"{which} cannot be read", moved=False)

    def _keep_aside(self, what: str, *, moved: bool) -> None:
        """Under a name that nothing has yet: what was kept aside before stays too."""
        aside = self._path.with_name(f"{FILTERS}.unreadable")
        number = 1
        while aside.exists():
            number += 1
            aside = self._path.with_name(f"{FILTERS}.unreadable-{number}")
        self.problem = f"{what}. The file is kept as {aside.name}."
        try:
            if moved:
                os.replace(self._path, aside)
            else:
                write_atomically(aside, self._path.read_text(encoding="utf-8"))
        except OSError as error:
            self.problem = f"{what}, and {self._path.name} cannot be kept aside ({error.strerror})."


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError):
        return error.strerror or "not readable"
    return str(error) if isinstance(error, Unusable) else "this is not TOML"


def _entries(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise Unusable("it is too long")
    raw = tomllib.loads(data.decode("utf-8-sig"))
    if raw.get("version") != _VERSION:
        raise Unusable(f"this UPS Desk reads version {_VERSION}")
    entries = raw.get("filter", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unusable("each filter begins with [[filter]]")
    return entries
