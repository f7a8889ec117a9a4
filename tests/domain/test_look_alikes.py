"""Look-alikes: what counts, that the index finds what comparing all with all finds, and how many it marks."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upsdesk.domain.look_alikes import Likeness, LookAlikes, are_similar, likenesses
from upsdesk.domain.workitem import PatientFacts
from upsdesk.scp.demo_people import PATIENTS

L = Likeness
JANA = PatientFacts("Novák^Jana", "4471902", "19570314", "F", "HOSP")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (replace(JANA), ()),
        (replace(JANA, name="NOVAK^JANA^^Mrs", birth_date=""), ()),
        (replace(JANA, name="Kowalska^Zofia"), (L.SAME_ID,)),
        (replace(JANA, name=""), ()),
        (replace(JANA, issuer="OTHER", name="", birth_date=""), (L.SAME_ID,)),
        (replace(JANA, issuer="OTHER"), (L.SAME_ID, L.SAME_NAME, L.SAME_BIRTH_DATE)),
        (PatientFacts("novak^jana", "1"), (L.SAME_NAME,)),
        (PatientFacts("NOVÁK^Jan", "1", "19570314"), (L.SIMILAR_NAME, L.SAME_BIRTH_DATE)),
        (PatientFacts("Novák^Jan", "1", "19570315"), (L.SIMILAR_NAME,)),
        (PatientFacts("Novák^Bohumil", "1", "19570314"), (L.SAME_BIRTH_DATE,)),
        (PatientFacts("Novák^Bohumil", "1", "19570315"), ()),
        (PatientFacts("Okafor^Jana", "1", "19570314"), ()),
        (PatientFacts("", "", ""), ()),
        (PatientFacts("Novák^", "1", ""), ()),
    ],
)
def test_what_two_patients_have_in_common(other: PatientFacts, expected: tuple[Likeness, ...]) -> None:
    assert likenesses(JANA, other) == expected
    assert likenesses(other, JANA) == expected


def test_without_ids_only_what_is_written_differently_is_another_patient() -> None:
    nobody = PatientFacts("Novák^Jana", "", "19570314", "F")
    assert likenesses(nobody, replace(nobody)) == ()
    assert likenesses(nobody, replace(nobody, sex="")) == (L.SAME_NAME, L.SAME_BIRTH_DATE)
    assert likenesses(PatientFacts(), PatientFacts(sex="F")) == ()


def test_names_in_several_scripts() -> None:
    both = PatientFacts("Zhou^Wenbo=周^文博", "1")
    assert likenesses(both, PatientFacts("=周^文博", "2")) == (L.SAME_NAME,)
    # One family name of a fourteenth of the country: two other characters are another name.
    assert likenesses(PatientFacts("=周^文博", "1"), PatientFacts("=周^雨晴", "2")) == ()
    assert likenesses(
        PatientFacts("=周^文博", "1", "19800101"), PatientFacts("=周^雨晴", "2", "19800101")
    ) == (L.SAME_BIRTH_DATE,)


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_edit_distance(one: str, other: str) -> None:
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row = row, [at]
        for to, its in enumerate(other):
            row.append(min(row[-1] + 1, before[to + 1] + 1, before[to] + (letter != its)))
    assert are_similar(one, other) == (row[-1] <= min(2, max(len(one), len(other)) - 1))


FAMILIES = ("Novák", "novak", "Okafor", "周", "")
SOME = st.builds(
    PatientFacts,
    name=st.one_of(
        st.builds("{}^{}".format, st.sampled_from(FAMILIES), st.text("abjn", max_size=3)),
        st.builds("{}^{}={}^{}".format, *[st.sampled_from((*FAMILIES, "Jan"))] * 4),
        st.just(""),
    ),
    patient_id=st.sampled_from(("", "1", "2", "3")),
    birth_date=st.sampled_from(("", "19570314", "19800101")),
    sex=st.sampled_from(("", "F")),
    issuer=st.sampled_from(("", "HOSP")),
)


@given(st.lists(st.tuples(st.integers(0, 12), st.one_of(st.none(), SOME)), max_size=40))
def test_the_index_finds_what_comparing_all_with_all_finds(
    steps: list[tuple[int, PatientFacts | None]],
) -> None:
    index: LookAlikes[int] = LookAlikes()
    known: dict[int, PatientFacts] = {}
    for key, facts in steps:
        if facts is None:
            assert index.remove(key) is (known.pop(key, None) is not None)
        else:
            assert index.add(key, facts) is (known.get(key) != facts)
            known[key] = facts
    _compare(index, known)


def _compare(
    index: LookAlikes[int], known: dict[int, PatientFacts], only: Iterable[int] | None = None
) -> None:
    for key in known if only is None else only:
        facts = known[key]
        naive = {other: found for other in set(known.values()) if (found := likenesses(facts, other))}
        assert {one.facts: one.likenesses for one in index.of(key, at_most=10_000)} == naive
        assert index.has_any(key) is bool(naive)


def test_a_large_family_is_searched_by_the_parts_of_given_names_and_swept() -> None:
    chance = random.Random(7)
    index: LookAlikes[int] = LookAlikes()
    known: dict[int, PatientFacts] = {}
    for number in range(2_500):
        given_name = "".join(chance.choices("aeijkn", k=chance.randrange(1, 15)))
        known[number] = PatientFacts(f"Novák^{given_name}", str(number))
        index.add(number, known[number])
    _compare(index, known, only=range(25))
    for number in range(2_200):
        index.remove(number)
        del known[number]
    _compare(index, known)
    assert len(index) == 300


# The commonest names of several countries; the rest of the families is as rare as most families are.
_COMMON = """
    Smith Müller Novák García Rossi Martin Nguyễn Kim Jensen Nowak Ivanov Silva Schmidt Dubois Andersson
    Horvat Popescu Yılmaz Okafor Singh Kowalski Hansen Bianchi López Svoboda Fischer Weber Dupont Murphy Patel
"""
_GIVEN = """
    Anna Maria Eva Jana Petra Lucie Hana Ingrid Sofia Laura Julia Martina Elena Olga Irina Claire Camille
    Beatriz Carmen Lucía Giulia Francesca Aoife Siobhán Katarzyna Agnieszka Zofia Ewa Ayşe Fatma Priya Meera
    Thomas Michael Peter Jan Petr Pavel Tomáš Martin Josef Karl Hans Jürgen Wolfgang Andreas Stefan Luca Marco
    Giovanni Alessandro José Antonio Manuel Carlos Pierre Jean Michel Philippe Olivier Lars Erik Nils Søren
    Henrik Piotr Krzysztof Andrzej Igor Dmitri Sergei Mehmet Mustafa Ahmed Yusuf Ravi Arjun Patrick Sean Liam
"""
_ENDS = "- ová s sen i er ski in ak ez eau berg ic off man elli sson ho a ou en ek es uk"


def _realistic(count: int, chance: random.Random) -> list[PatientFacts]:
    """Patients of a large hospital: one in six has a common family name, the others one of some thousands."""
    starts = [person.name.split("=")[0].split("^")[0] for person in PATIENTS]
    common, given_names = _COMMON.split(), _GIVEN.split()
    families = [*common, *(start + end for start in starts for end in _ENDS.split())]
    weights = [1.7 / (10 + at) for at in range(len(common))] + [0.01] * (len(families) - len(common))
    sums = list(accumulate(weights))
    found = []
    for number in range(count):
        family = chance.choices(families, cum_weights=sums)[0]
        born = f"{chance.randrange(1930, 2026)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
        found.append(
            PatientFacts(f"{family}^{chance.choice(given_names)}", str(4_000_000 + number), born, "F", "HOSP")
        )
    return found


def test_of_500_realistic_patients_at_most_one_in_twenty_is_marked() -> None:
    shares = []
    for seed in range(4):
        index: LookAlikes[int] = LookAlikes()
        for number, facts in enumerate(_realistic(500, random.Random(seed))):
            index.add(number, facts)
        shares.append(sum(index.has_any(number) for number in range(500)) / 500)
    assert 0 < max(shares) <= 0.05, shares


def test_of_the_demo_only_the_pair_made_for_it_is_marked() -> None:
    index: LookAlikes[str] = LookAlikes()
    for person in PATIENTS:
        index.add(
            person.patient_id,
            PatientFacts(person.name, person.patient_id, person.born, person.sex, "DEMO HOSPITAL"),
        )
    marked = [person for person in PATIENTS if index.has_any(person.patient_id)]
    assert marked == list(PATIENTS[:2])
    (found,) = index.of(PATIENTS[0].patient_id)
    assert found.likenesses == (L.SIMILAR_NAME, L.SAME_BIRTH_DATE)
