"""The peer: the same endpoint as usually built, FastAPI over the SQLAlchemy ORM, asyncpg and PyJWT.

`product_read.py` serves it by one uvicorn worker with uvloop and httptools, without an access log.
It does less than ours does: no limits, no trace, no session that could be revoked.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

POOL_SIZE = 8
ALGORITHM = "HS256"
SECRET = os.environ["BENCH_SECRET"]

engine = create_async_engine(
    os.environ["BENCH_DSN"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=POOL_SIZE,
    max_overflow=0,
    connect_args={"server_settings": {"timezone": "UTC"}},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    pass


class ProductRow(Base):
    __tablename__ = "products"
    __table_args__ = {"schema": "tracker"}  # noqa: RUF012

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str]
    variant: Mapped[str]
    title: Mapped[str]
    price_minor: Mapped[int | None]
    list_price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    flags: Mapped[Any] = mapped_column(JSONB)
    availability: Mapped[str]
    stock: Mapped[int | None]
    stock_kind: Mapped[str | None]
    ships_in_days: Mapped[int | None]
    seller: Mapped[str | None]
    rating: Mapped[str | None]
    review_count: Mapped[int | None]
    images: Mapped[Any] = mapped_column(JSONB)
    url: Mapped[str | None]
    imported_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    last_changed_at: Mapped[datetime]
    last_failure: Mapped[str | None]
    last_failed_at: Mapped[datetime | None]


class WatchRow(Base):
    __tablename__ = "watches"
    __table_args__ = {"schema": "tracker"}  # noqa: RUF012

    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey(ProductRow.id), primary_key=True)
    label: Mapped[str | None]
    check_every_s: Mapped[int]
    product: Mapped[ProductRow] = relationship()


class Money(BaseModel):
    amount: str
    currency: str


class Product(BaseModel):
    id: UUID
    supplier: str
    external_id: str
    variant: str
    title: str
    price: Money | None
    list_price: Money | None
    availability: str
    quantity: int | None
    quantity_kind: str | None
    ships_in_days: int | None
    flags: list[str]
    seller: str | None
    rating: str | None
    review_count: int | None
    images: list[str]
    url: str | None
    label: str | None
    check_every_s: int
    imported_at: datetime
    last_seen_at: datetime
    last_changed_at: datetime
    last_failure: str | None
    last_failed_at: datetime | None


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


async def tenant(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=[ALGORITHM])
    except jwt.PyJWTError:
        raise HTTPException(401, "not a good token") from None
    return str(claims["tenant"])


@app.get("/v1/products/{product_id}")
async def show_product(
    product_id: UUID,
    owner: Annotated[str, Depends(tenant)],
    database: Annotated[AsyncSession, Depends(session)],
) -> Product:
    found = await database.scalar(
        select(WatchRow)
        .join(WatchRow.product)
        .options(joinedload(WatchRow.product))
        .where(
            WatchRow.tenant_id == owner,
            WatchRow.product_id == product_id,
            ProductRow.imported_at.is_not(None),
        )
    )
    if found is None:
        raise HTTPException(404, "no such product")
    return shown(found)


def shown(watch: WatchRow) -> Product:
    row = watch.product
    return Product.model_validate(
        {
            **{name: getattr(row, name, None) for name in Product.model_fields},
            "supplier": row.source,
            "quantity": row.stock,
            "quantity_kind": row.stock_kind,
            "price": money(row.price_minor, row.currency),
            "list_price": money(row.list_price_minor, row.currency),
            "label": watch.label,
            "check_every_s": watch.check_every_s,
        }
    )


def money(minor: int | None, currency: str | None) -> Money | None:
    """Only currencies with two digits are in the rows of this benchmark."""
    if minor is None or currency is None:
        return None
    return Money(amount=f"{minor // 100}.{minor % 100:02}", currency=currency)
