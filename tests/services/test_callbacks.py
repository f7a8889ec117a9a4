"""Callbacks: told in order, also while one of them comes or goes."""

from upsdesk.services.callbacks import Callbacks


def test_each_is_told_in_order_until_it_ends() -> None:
    told: list[str] = []
    callbacks: Callbacks[[str]] = Callbacks()
    end = callbacks.add(lambda word: told.append(f"first {word}"))
    callbacks.add(lambda word: told.append(f"second {word}"))
    callbacks.tell("a")
    end()
    end()
    callbacks.tell("b")
    assert told == ["first a", "second a", "second b"]


def test_one_that_ends_itself_takes_the_news_from_nobody() -> None:
    told: list[str] = []
    callbacks: Callbacks[[]] = Callbacks()

    def only_once() -> None:
        told.append("once")
        end()

    end = callbacks.add(only_once)
    callbacks.add(lambda: told.append("always"))
    callbacks.tell()
    callbacks.tell()
    assert told == ["once", "always", "always"]
