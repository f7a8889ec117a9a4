"""What was done to a form, to be taken back and done again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upsdesk.ui.editor.form import Form

_MOST = 500
"""Steps that are kept; a form shares what did not change with the one before it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, and the form after it."""

    words: str
    form: Form
    of_field: str = ""


class History:
    """The steps of one form; what is typed into one field without leaving it is one step."""

    def __init__(self, words: str, form: Form) -> None:
        self._steps = [Step(words, form)]
        self._at = 0

    @property
    def form(self) -> Form:
        return self._steps[self._at].form

    @property
    def done(self) -> Sequence[Step]:
        """The steps that led to the form as it is, the first one first."""
        return tuple(self._steps[: self._at + 1])

    @property
    def undone(self) -> Sequence[Step]:
        """The steps that can be done again, the next one first."""
        return tuple(self._steps[self._at + 1 :])

    def add(self, words: str, form: Form, of_field: str = "") -> None:
        """A step from here; those that were taken back are gone."""
        del self._steps[self._at + 1 :]
        if of_field and self._at and self._steps[-1].of_field == of_field:
            self._steps[-1] = Step(words, form, of_field)
        else:
            self._steps.append(Step(words, form, of_field))
            del self._steps[1 : len(self._steps) - _MOST]
        self._at = len(self._steps) - 1

    def replace(self, form: Form) -> None:
        """The form was put on another data set: what was done before that is not taken back."""
        self._steps = [Step(self._steps[0].words, form)]
        self._at = 0

    def undo(self) -> Form:
        """One step back, if there is one; the form then."""
        self._at = max(0, self._at - 1)
        return self.form

    def redo(self) -> Form:
        """One step on again, if there is one; the form then."""
        self._at = min(len(self._steps) - 1, self._at + 1)
        return self.form
