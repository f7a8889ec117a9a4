"""When two person names are alike: fuzzy semantic matching, as this SCP defines it (PS3.4 C.2.2.2.1.1).

The Standard leaves the meaning to the SCP. Here a name falls into words (components, and what spaces,
commas and hyphens part) without regard to case and accents. Names are alike when each word of the one with
fewer words has a word of its own in the other, in whatever order. Two words are alike when they are equal,
when one is the initial of the other, when both have four letters at least and differ by one letter added,
left out, changed or swapped with its neighbour, or when they sound alike in English (Soundex). `*` and `?`
in a word of the key are wildcards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from upsdesk.domain.folding import folded_name
from upsdesk.domain.key_tests import Test, values_test, wildcards

_PARTING = re.compile(r"[\s^,=\-']+")
_LONG_ENOUGH = 4
"""Letters of a word that may have one wrong; shorter ones would be alike too easily."""
_MOST_WORDS = 12
"""More of a key are not looked at; a name has five components."""
_SOUNDS = {
    letter: digit
    for letters, digit in (("bfpv", "1"), ("cgjkqsxz", "2"), ("dt", "3"), ("l", "4"), ("mn", "5"), ("r", "6"))
    for letter in letters
}
_Alike = Callable[[str], bool]


def fuzzy_name_test(tag: int, text: str) -> Test:
    """Whether a name is like `text`; each group of a name (PS3.5 6.2.1) is compared for itself."""
    groups = [[_like(word) for word in words] for group in text.split("=") if (words := words_of(group))]

    def accepts(value: str) -> bool:
        if not groups:  # nothing but delimiters: universal, as without negotiation
            return True
        names = [words for group in value.split("=") if (words := words_of(group))]
        return any(_fit(wanted, words) for wanted in groups for words in names)

    return values_test(tag, accepts)


def words_of(name: str) -> list[str]:
    """The words of a name, folded."""
    return [word for word in _PARTING.split(folded_name(name)) if word][:_MOST_WORDS]


def _fit(wanted: Sequence[_Alike], words: Sequence[str]) -> bool:
    """Whether the words of the shorter side can all be paired with different ones of the other."""
    partners = [
        [at for at, word in enumerate(words) if is_alike(word)] for is_alike in wanted
    ]  # of each word of the key
    taken: dict[int, int] = {}

    def paired(which: int, tried: set[int]) -> bool:
        for at in partners[which]:
            if at not in tried:
                tried.add(at)
                if at not in taken or paired(taken[at], tried):
                    taken[at] = which
                    return True
        return False

    pairs = sum(paired(which, set()) for which in range(len(wanted)))
    return pairs == min(len(wanted), len(words))


def _like(wanted: str) -> _Alike:
    if "*" in wanted or "?" in wanted:
        return wildcards(wanted)
    sound = soundex(wanted)

    def is_alike(word: str) -> bool:
        if word == wanted:
            return True
        if len(word) == 1 or len(wanted) == 1:
            return word[0] == wanted[0]
        if min(len(word), len(wanted)) >= _LONG_ENOUGH and differ_by_one(word, wanted):
            return True
        return bool(sound) and soundex(word) == sound

    return is_alike


def differ_by_one(one: str, other: str) -> bool:
    """Whether one letter too many, too few, another one, or two neighbours swapped is all that differs."""
    if abs(len(one) - len(other)) > 1:
        return False
    begin = 0
    while begin < min(len(one), len(other)) and one[begin] == other[begin]:
        begin += 1
    rest, other_rest = one[begin:], other[begin:]
    if len(one) == len(other):
        is_swapped = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
        return rest[1:] == other_rest[1:] or is_swapped
    return rest[1:] == other_rest or rest == other_rest[1:]


def soundex(word: str) -> str:
    """The American Soundex code; empty for a word that is not written in Latin letters."""
    if not (word.isascii() and word.isalpha()):
        return ""
    code = word[0]
    last = _SOUNDS.get(word[0], "")
    for letter in word[1:]:
        digit = _SOUNDS.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "hw":  # they do not part equal sounds, vowels do
            last = digit
    return (code + "000")[:4]
