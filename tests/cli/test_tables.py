"""Lines of a table: every cell as wide as its column, however long the value, and in no time."""

from hypothesis import given
from hypothesis import strategies as st

from upsdesk.cli.tables import table_lines, width_of

TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), max_size=60)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), st.integers(2, 30))
def test_columns_stand_below_each_other(rows: list[tuple[str, str]], widest: int) -> None:
    lines = table_lines(("A", "B"), [(first, f"|{second}") for first, second in rows], widest)
    at = {width_of(line.partition("  |")[0]) for line in lines[1:] if line.count("  |") == 1}
    assert len(at) <= 1
    for line, (first, second) in zip(lines[1:], rows, strict=True):
        assert line.endswith(f"|{second}".rstrip())
        is_whole = width_of(first) <= widest and len(first) <= 2 * widest
        assert first.startswith(line.rpartition("|")[0].rstrip(" …")) or "|" in second
        assert not is_whole or line.startswith(first)


def test_a_flood_is_cut_in_no_time() -> None:
    marks, letters = f"e{chr(0x301) * 60_000}", "山" * 60_000  # it took minutes to cut them letter by letter
    for line in table_lines(("A", "B"), [(marks, "end"), (letters, "end")])[1:]:
        begin, _, rest = line.partition("…")
        assert begin and rest.strip() == "end"
        assert width_of(line) == 40 + 5 and len(line) < 400
