"""What every tracker test speaks of: offers, failed looks, and a scene with a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.catalogue import MESSAGES
from dropship.contracts.ids import product_id, uuid7
from dropship.contracts.imports import ImportRequested
from dropship.contracts.jobs import JobCancelled
from dropship.contracts.messages import Message
from dropship.contracts.money import Money
from dropship.contracts.offers import Evidence, FailureReason, ObservationFailed, OfferObserved
from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.asking import Asked
from dropship.runtime.clock import ManualClock
from dropship.runtime.database import Database
from dropship.runtime.hearing import Heard
from dropship.runtime.testing import Scene, Servers
from dropship.tracker.domain.importing import Patience
from dropship.tracker.handlers.hearing_imports import Imports
from dropship.tracker.handlers.hearing_looks import Looks
from dropship.tracker.handlers.hearing_suppliers import hear_supplier
from dropship.tracker.handlers.minding_imports import Minding
from dropship.tracker.handlers.releasing_checks import release_checks

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def an_offer(
    at: float = 0, *, source: str = "amazon-com", item: str = "B1", **more: Any
) -> OfferObserved:
    price, currency = more.pop("price", "10.00"), more.pop("currency", "USD")
    values: dict[str, Any] = {
        "product_id": product_id(source, item),
        "source": source,
        "external_id": item,
        "title": "A kettle",
        "price": Money(price, currency) if price else None,
        "availability": Availability.in_stock,
        "observed_at": minute(at),
        "evidence": Evidence(method="css", parser="1", content_sha256="00"),
        **more,
    }
    return OfferObserved(**values)


def a_failure(
    at: float = 0,
    reason: FailureReason = FailureReason.blocked_captcha,
    *,
    source: str = "amazon-com",
    item: str = "B1",
) -> ObservationFailed:
    return ObservationFailed(
        product_id=product_id(source, item),
        source=source,
        external_id=item,
        reason=reason,
        observed_at=minute(at),
    )


@pytest.fixture(scope="session", name="minute")
def _minute() -> Callable[[float], datetime]:
    return minute


@pytest.fixture(scope="session")
def offer() -> Callable[..., OfferObserved]:
    return an_offer


@pytest.fixture(scope="session")
def failure() -> Callable[..., ObservationFailed]:
    return a_failure


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest_asyncio.fixture
async def database(servers: Servers, clock: ManualClock) -> AsyncIterator[Database]:
    async with servers.database_of("tracker", clock) as database:
        yield database


class Story:
    """The tracker on a real database: what it hears, and what it then says.

    Time stands still until `story.clock` is advanced; looks are stored when they are made.
    """

    patience = Patience(coalesce_s=30, again_after_s=60, deadline_s=300)

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.scene = Scene(database, list(MESSAGES.values()))
        self.imports = Imports(self.patience, check_every_s=60)
        self.looks = Looks(vanish_gap_s=60)
        self.minding = Minding(self.patience)

    def requested(self, job: str, *, tenant: str = "anna", **product: str) -> Heard[Any]:
        event = ImportRequested(
            job_id=job,
            source=product.get("source", "amazon-com"),
            external_id=product.get("item", "B1"),
        )
        return self.scene.heard(event, key=job, tenant=tenant, correlation=f"chain of {job}")

    def cancelled(self, job: str, *, tenant: str = "anna") -> Heard[Any]:
        return self.scene.heard(JobCancelled(job_id=job), key=job, tenant=tenant)

    def looked(
        self, look: OfferObserved | ObservationFailed, *, answering: UUID | None = None
    ) -> Heard[Any]:
        heard = self.scene.heard(look, key=look.product_id, at=look.observed_at)
        cause = str(answering) if answering else None
        return replace(heard, envelope=msgspec.structs.replace(heard.envelope, causationid=cause))

    async def hears(self, *heard: Heard[Any]) -> list[Message]:
        """Hear these in one transaction, and return what was said."""
        looks = isinstance(heard[0].event, OfferObserved | ObservationFailed)
        handler = self.looks.hear if looks else self.imports.hear
        await self.scene.hears_many(handler, *heard)
        return await self.scene.said()

    async def bears(self, looks_per_minute: int, plugin: str = "amazon") -> None:
        """The supplier registers with this budget."""
        registered = SupplierRegistered(
            plugin=plugin,
            sources=(f"{plugin}-com",),
            default_source=f"{plugin}-com",
            per_tenant=False,
            id_pattern=".*",
            id_example="B1",
            looks_per_minute=looks_per_minute,
        )
        await self.scene.hears(hear_supplier, self.scene.heard(registered, key=plugin))

    async def goes_round(self, *rounds: Callable[[Database], Awaitable[None]]) -> list[Message]:
        """Let these rounds run once, and return what was said."""
        for one in rounds or (
            release_checks,
            self.minding.take_turns,
            self.minding.ask_again,
            self.minding.expire,
        ):
            await one(self.database)
        return await self.scene.said()

    async def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return await self.database.fetch_all(
            f"SELECT {columns} FROM {table} ORDER BY 1, 2"  # noqa: S608 - names from tests
        )

    async def look_at(self, item: str = "B1", source: str = "amazon-com") -> UUID:
        """The command that the pending imports of a product wait for."""
        row = await self.database.fetch_one(
            "SELECT command_id FROM looks WHERE product_id = %s", (product_id(source, item),)
        )
        assert row is not None
        return UUID(str(row[0]))

    def asked(self, question: Any, *, tenant: str = "anna") -> Asked[Any]:
        return Asked(question, tenant, None, uuid7(), self.clock.now())

    async def obeys(self, obeyer: Callable[..., Awaitable[Any]], asked: Asked[Any]) -> Any:
        async with self.database.transaction(
            tenant=asked.tenant, command_id=asked.command_id
        ) as tx:
            return await obeyer(asked, tx)


@pytest.fixture
def story(database: Database, clock: ManualClock) -> Story:
    return Story(database, clock)
