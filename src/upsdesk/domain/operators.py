"""The person at the desk: a name, and the code by which performers are known where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upsdesk.domain.codes import Code

LONGEST_NAME = 64
"""Of one representation of a PN (PS3.5 6.2)."""
LONGEST_CODE = 16
"""Of a Code Value, which is SH."""
_NOT_IN_A_NAME = ("\\", "=", "^")
"""They separate values, representations and components of a PN (PS3.5 6.2.1)."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who works at the desk; chosen, not proven: there is no password.

    The settings hold it, and these are read before the window is painted: what it needs is imported later.
    """

    name: str
    """A PN value, such as `Meyer^Anna`."""
    code: Code | None = None

    @property
    def words(self) -> str:
        """`Meyer, Anna`."""
        from upsdesk.domain.workitem import person_name_words

        return person_name_words(self.name)

    @property
    def short(self) -> str:
        """`Meyer`."""
        return self.name.partition("^")[0] or self.words


def typed_name(text: str) -> str:
    """The PN of `Family, Given`; raise ValueError with one sentence when it cannot be one."""
    if any(sign in text for sign in _NOT_IN_A_NAME):
        raise ValueError("A name has no \\, = or ^ in it.")
    family, _, given = (part.strip() for part in text.partition(","))
    if not family:
        raise ValueError("Write a name, such as Meyer, Anna.")
    name = f"{family}^{given}".rstrip("^")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"A name has at most {LONGEST_NAME} characters.")
    return name


def typed_code(text: str, name: str, own_scheme: str) -> Code | None:
    """A code alone is one of `own_scheme`; `VALUE^SCHEME^MEANING` is taken whole; empty is none.

    Raise ValueError with one sentence for anything else.
    """
    from upsdesk.domain.codes import Code

    text = text.strip()
    if not text:
        return None
    try:
        code = Code.parse(text) if "^" in text else Code(text, own_scheme, Operator(name).words)
    except ValueError as error:
        raise ValueError("Write the code alone, or VALUE^SCHEME^MEANING.") from error
    if "\\" in text or max(len(code.value), len(code.scheme)) > LONGEST_CODE or len(code.meaning) > 64:
        raise ValueError(f"A code has at most {LONGEST_CODE} characters and no \\ in it.")
    return code
