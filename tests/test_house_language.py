"""Who may say what: one owner for every word, and READMEs that tell the truth about it."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dropship.contracts.catalogue import COMMANDS, EVENTS, MESSAGES, NOUNS, QUERIES
from dropship.contracts.messages import Command, Event, Message, Query
from repo_as_data import (
    PACKAGES,
    ROOT,
    SERVICES,
    calls,
    names_in,
    place,
    pyproject,
    python_files,
    readme_lines,
    source_files,
    tree,
    wired,
)

README_LINES = ["hears", "does", "says", "answers", "remembers", "scale"]
ORDERS = {("tracker", "scraper"), ("syncer", "syncer")}
"""Who may order work of whom, besides the gateway: the syncer brings its own listings along."""

WORDS_OF_RUNTIME = {"envelope", "ids", "messages", "moments", "reading", "upcasts", "work"}
FACTS_ABOUT_WORK = {m.__name__ for m in EVENTS.values() if m.owner == "runtime"}
BY_NAME = {message.__name__: message for message in MESSAGES.values()}
BY_PLACE = {f"{message.__module__}.{message.__name__}": message for message in MESSAGES.values()}
GOLDEN = PACKAGES["contracts"] / "tests" / "golden"


def spoken(package: str) -> Iterator[tuple[type[Message], str]]:
    """The messages that a package makes, and where."""
    for path in source_files(package):
        yield from spoken_in(path)


def spoken_in(path: Path) -> Iterator[tuple[type[Message], str]]:
    for name, node in calls(path):
        message = BY_PLACE.get(name) or BY_PLACE.get(f"dropship.contracts.{name}")
        if message is not None:
            yield message, place(path, node)


def said_by(service: str) -> set[str]:
    return {message.__name__ for message, _ in spoken(service) if issubclass(message, Event)}


def ordered_by(service: str) -> set[str]:
    """Work that it sends to others."""
    return {
        message.__name__
        for message, _ in spoken(service)
        if issubclass(message, Command) and not hasattr(message, "answer")
    }


def heard_by(service: str) -> set[str]:
    hearings = wired(service)._hearings.values()
    return {
        type_.__name__
        for hearing in hearings
        for route in hearing._routes.values()
        for type_ in route.types
    }


def done_by(service: str) -> set[str]:
    return {deed.command.__name__ for deed in wired(service)._deeds}


def answered_by(service: str) -> set[str]:
    handlers = wired(service)._asking._handlers.values()
    return {message.__name__ for message, _ in handlers if message is not None}


@pytest.mark.parametrize("package", [*PACKAGES])
def test_an_event_is_said_by_its_owner_alone(package: str) -> None:
    strangers = [
        f"{where} says {message.__name__} of {message.owner}"
        for message, where in spoken(package)
        if issubclass(message, Event) and message.owner != package
    ]

    assert strangers == []


def test_every_event_is_said_by_somebody() -> None:
    said = {message for package in PACKAGES for message, _ in spoken(package)}

    assert {event.__name__ for event in EVENTS.values()} - {m.__name__ for m in said} == set()


@pytest.mark.parametrize("package", [*PACKAGES])
def test_orders_go_only_down_the_stream_and_questions_come_only_from_the_edge(package: str) -> None:
    wrong = [
        f"{where} sends {message.__name__} to {message.owner}"
        for message, where in spoken(package)
        if (issubclass(message, Query) and package not in {"gateway", "cli"})
        or (
            issubclass(message, Command)
            and package not in {"gateway", "cli"}
            and (package, message.owner) not in ORDERS
        )
    ]

    assert wrong == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_hears_exists_and_what_it_obeys_is_its_own(service: str) -> None:
    assert heard_by(service) <= {event.__name__ for event in EVENTS.values()}
    assert {BY_NAME[name].owner for name in done_by(service) | answered_by(service)} <= {service}


def test_every_question_and_every_command_has_somebody_who_attends_to_it() -> None:
    attended = {name for service in SERVICES for name in done_by(service) | answered_by(service)}

    assert {m.__name__ for m in (COMMANDS | QUERIES).values()} - attended == set()


@pytest.mark.parametrize("message", MESSAGES.values(), ids=lambda m: m.__name__)
def test_every_word_has_a_golden_example(message: type[Message]) -> None:
    assert (GOLDEN / f"{message.wire_type()}.json").is_file()


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_file_of_the_language_opens_with_its_owner(noun: object) -> None:
    first = (noun.__doc__ or "").splitlines()[0]
    owners = {m.owner for m in MESSAGES.values() if m.__module__ == vars(noun)["__name__"]}

    assert all(owner in first for owner in owners - {"runtime"})


@pytest.mark.parametrize("service", SERVICES)
def test_a_readme_has_the_six_lines(service: str) -> None:
    assert list(readme_lines(service)) == README_LINES


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("line", "truth"),
    [("hears", heard_by), ("does", done_by), ("says", said_by), ("answers", answered_by)],
)
def test_a_readme_says_what_is_wired(
    service: str, line: str, truth: Callable[[str], set[str]]
) -> None:
    assert truth(service) - names_in(readme_lines(service).get(line, "")) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_readme_names_nothing_that_is_not_wired(service: str) -> None:
    told = names_in(" ".join(readme_lines(service).values())) & set(BY_NAME)
    wired_here = heard_by(service) | done_by(service) | answered_by(service)
    sent = {message.__name__ for message, _ in spoken(service)}

    assert told - wired_here - sent - FACTS_ABOUT_WORK == set()
    assert ordered_by(service) - told == set()


def test_runtime_may_name_no_word_of_the_trade() -> None:
    contracts = pyproject(ROOT)["tool"]["importlinter"]["contracts"]
    (rule,) = (contract for contract in contracts if contract["id"] == "runtime-words")
    forbidden = {name.rpartition(".")[2] for name in rule["forbidden_modules"]}
    files = {path.stem for path in source_files("contracts")} - {"__init__"}

    assert forbidden == files - WORDS_OF_RUNTIME


def test_no_type_is_typed_by_hand() -> None:
    typed = [
        f"{place(path, node)} {node.value}"
        for path in python_files(tests=False)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(node.value == message.wire_type() for message in MESSAGES.values())
    ]

    assert typed == []
