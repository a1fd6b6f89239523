"""How a job moves on."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.jobs import JobCancelled, JobStatus
from dropship.contracts.work import WorkFailed, WorkRetried, WorkStarted
from dropship.gateway.domain.jobs import Fact, Progress, evolve, reason_of

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMAND = {"job_id": "j", "command_id": "c", "command": "product.scrape"}

started = WorkStarted(**COMMAND, attempt=1)
retried = WorkRetried(**COMMAND, attempt=1, next_at=AT + timedelta(seconds=30), reason="timeout")
started_again = WorkStarted(**COMMAND, attempt=2)
given_up = WorkFailed(**COMMAND, reason="blocked_captcha")
completed = ImportCompleted(job_id="j", product_id="p")
failed = ImportFailed(job_id="j", reason="not_found", detail="the page is gone")
cancelled = JobCancelled(job_id="j")


def after(*facts: Fact) -> Progress:
    progress = Progress()
    for second, fact in enumerate(facts):
        progress = evolve(progress, fact, AT + timedelta(seconds=second))
    return progress


def test_a_job_waits_until_somebody_works_on_it() -> None:
    assert Progress().status is JobStatus.PENDING
    assert after(started).status is JobStatus.RUNNING


def test_a_job_succeeds_even_when_nobody_reported_to_work_on_it() -> None:
    progress = after(completed)
    assert progress.status is JobStatus.SUCCESS
    assert progress.ending is not None
    assert progress.ending.product_id == "p"


def test_a_retried_job_shows_when_it_goes_on_and_forgets_that_once_it_does() -> None:
    waiting = after(started, retried)
    assert (waiting.status, waiting.retries) == (JobStatus.RUNNING, 1)
    assert waiting.next_retry_at == AT + timedelta(seconds=30)
    assert after(started, retried, started_again).next_retry_at is None


def test_a_failed_import_tells_its_reason() -> None:
    progress = after(started, failed)
    assert progress.status is JobStatus.FAILED
    assert progress.ending is not None
    assert (progress.ending.reason, progress.ending.detail) == ("not_found", "the page is gone")
    assert reason_of(failed) == "not_found: the page is gone"


def test_the_first_end_wins() -> None:
    assert after(completed, failed).status is JobStatus.SUCCESS
    assert after(failed, completed).status is JobStatus.FAILED
    assert after(given_up, completed).status is JobStatus.FAILED
    assert after(cancelled, completed).status is JobStatus.CANCELLED


def test_a_cancellation_came_first_wherever_it_stands_in_the_log() -> None:
    assert after(completed, cancelled).status is JobStatus.CANCELLED


def test_a_late_report_does_not_revive_an_ended_job() -> None:
    ended = after(completed)
    assert evolve(ended, started, AT) == ended
    assert evolve(ended, retried, AT) == ended


facts = st.lists(
    st.sampled_from([started, retried, started_again, given_up, completed, failed, cancelled]),
    max_size=8,
)
RANK = {JobStatus.PENDING: 0, JobStatus.RUNNING: 1}


@given(facts)
def test_a_job_never_goes_back(happened: list[Fact]) -> None:
    progress = Progress()
    for fact in happened:
        new = evolve(progress, fact, AT)
        assert RANK.get(new.status, 2) >= RANK.get(progress.status, 2)
        progress = new


@given(facts)
def test_hearing_the_same_fact_twice_in_a_row_changes_nothing(happened: list[Fact]) -> None:
    doubled = [fact for fact in happened for _ in range(2)]
    once, twice = Progress(), Progress()
    for fact in happened:
        once = evolve(once, fact, AT)
    for fact in doubled:
        twice = evolve(twice, fact, AT)
    assert once == twice
