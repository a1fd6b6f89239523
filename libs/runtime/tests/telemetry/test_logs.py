"""Log lines: one JSON object each, joined by the trace, and without a secret in them."""

import io
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
import structlog

from dropship.runtime.telemetry import configure, get_logger
from dropship.runtime.telemetry.redaction import TEXT_LIMIT, redacted
from dropship.runtime.telemetry.traces import span

CANARY = "hunter2-canary"


@pytest.fixture
def lines() -> Iterator["Lines"]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out = io.BytesIO()
    configure("tracker", "tracker-1", stream=out)
    yield Lines(out)
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


class Lines:
    """What has been logged so far."""

    def __init__(self, out: io.BytesIO) -> None:
        self._out = out

    @property
    def text(self) -> str:
        return self._out.getvalue().decode()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self._out.getvalue().splitlines()]


def test_a_line_is_one_json_object_that_says_who_when_and_what(lines: Lines) -> None:
    job = UUID(int=7)
    get_logger().info("import_requested", job_id=job, sizes=(1, 2), odd=object)
    (line,) = lines.all
    assert line["event"] == "import_requested"
    assert (line["service"], line["replica"], line["level"]) == ("tracker", "tracker-1", "info")
    assert line["job_id"] == str(job)
    assert line["sizes"] == [1, 2]
    assert line["timestamp"].endswith("Z")
    assert "trace_id" not in line


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    get_logger().debug("too_quiet")
    logging.getLogger("httpx").info("HTTP Request: GET https://shop.example/?key=1")
    assert lines.all == []


def test_lines_carry_the_trace_and_what_was_bound_around_them(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(job_id="j1"), span("hear") as around:
        get_logger().info("heard")
        logging.getLogger("psycopg.pool").warning("slow %s", "connection")
    own, foreign = lines.all
    for line in (own, foreign):
        assert line["trace_id"] == around.traceparent[3:35]
        assert line["span_id"] == around.traceparent[36:52]
        assert line["job_id"] == "j1"
    assert (foreign["event"], foreign["logger"]) == ("slow connection", "psycopg.pool")


@pytest.mark.parametrize(
    "key",
    ["password", "nats_password", "refresh_token", "client_secret", "Authorization", "dsn",
     "set-cookie", "seal_key", "api_key", "database_url", "DROPSHIP_NATS_PASSWORD"],
)  # fmt: skip
def test_what_is_called_a_secret_is_masked_however_deep_it_lies(key: str, lines: Lines) -> None:
    get_logger().info("x", **{key: CANARY}, outer={"list": [{key: CANARY}]}, number={key: 4711})
    assert CANARY not in lines.text
    assert "4711" not in lines.text


@pytest.mark.parametrize(
    "text",
    [
        f"cannot reach postgresql://tracker:{CANARY}@db:5432/x",
        f"nats://{CANARY}@nats and https://user:{CANARY}@shop.example/path",
        f"http://u:p@{CANARY}@evil.example",
        f"Authorization: Bearer {CANARY}-{CANARY}",
        f"conninfo host=db password={CANARY} user=x",
        f"GET /feed?id=7&access_token={CANARY}&x=1",
        f"eyJhbGciOiJFZERTQSJ9.{CANARY}.sig",
        # A cut at the usual limit would fall right before the @ that gives the secret away.
        f" postgresql://tracker:{CANARY}".rjust(TEXT_LIMIT, "x") + "@db",
    ],
)
def test_secrets_are_known_by_their_shape_in_any_text(text: str, lines: Lines) -> None:
    get_logger().info("failed", reason=text, chain=[text])
    logging.getLogger("driver").error("failed: %s", text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        get_logger().exception("failed")
    assert len(lines.all) == 3
    assert CANARY not in lines.text


def test_what_is_no_secret_stays_readable() -> None:
    for text in ("idempotency key k-1", "https://shop.example/p?id=7", "mail@example.org", "a: b"):
        assert redacted(text) == text


def test_a_page_cannot_forge_lines_or_colours(lines: Lines) -> None:
    get_logger().info("title_read", title='evil\x1b[31m"\n{"event": "forged"}\u202e')
    (line,) = lines.all
    assert "\x1b" not in line["title"]
    assert "\u202e" not in line["title"]
    assert len(lines.text.splitlines()) == 1


def test_one_huge_value_does_not_make_a_huge_line(lines: Lines) -> None:
    get_logger().info("read", page="x" * 1_000_000)
    assert len(lines.text) < 5_000


def test_a_console_line_is_for_people(lines: Lines) -> None:
    out = io.BytesIO()
    configure("tracker", "tracker-1", format="console", stream=out)
    get_logger().warning("supplier_slow", supplier="feed", password=CANARY)
    text = out.getvalue().decode()
    assert "supplier_slow" in text
    assert "feed" in text
    assert CANARY not in text
    assert lines.all == []
