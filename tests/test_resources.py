"""The reader of resources finds the packaged copy first, then the checkout, and says what is missing."""

from pathlib import Path

import pytest

from upsdesk import resources


def test_reads_a_file_of_the_checkout() -> None:
    assert resources.read_text("themes", "light.toml").startswith("#")
    assert resources.read_bytes("icons", "search.svg").lstrip().startswith(b"<svg")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/no-such-icon\.svg"):
        resources.path("icons", "no-such-icon.svg")


def test_the_packaged_copy_wins(tmp_path: Path) -> None:
    package = tmp_path / "src" / "upsdesk"
    for folder, text in ((package / "_resources", "packaged"), (tmp_path / "resources", "checkout")):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(text, encoding="utf-8")
    assert resources.path("a.txt", package=package).read_text(encoding="utf-8") == "packaged"


def test_an_editable_install_reads_the_checkout(tmp_path: Path) -> None:
    package = tmp_path / "src" / "upsdesk"
    package.mkdir(parents=True)
    (tmp_path / "resources").mkdir()
    assert resources.root(package) == tmp_path / "resources"


def test_no_resources_at_all_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"looked in .*_resources and .*resources"):
        resources.root(tmp_path / "src" / "upsdesk")
