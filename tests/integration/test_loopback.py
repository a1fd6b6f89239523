"""The product on one machine talks to that machine alone."""

import asyncio
from ipaddress import ip_address

from integration import programs
from integration.running import Stack
from integration.shop import Shop
from integration.supplier import Supplier

NOWHERE = {ip_address("0.0.0.0"), ip_address("::")}  # noqa: S104 - the far end of a listener


async def test_nothing_but_this_machine_is_listened_to_or_called(
    stack: Stack, shop: Shop, supplier: Supplier
) -> None:
    slow = await supplier.take("amazon-com", 2)
    for product in slow:
        await supplier.misbehaves("slow", id=product["id"], count=1, delay_s=1)
    jobs = [await shop.imports("amazon-com", product["id"]) for product in slow]
    family = stack.family()
    seen: set[programs.Socket] = set()

    async def watched(job_id: str) -> None:
        def note(job: dict[str, object]) -> bool:
            seen.update(programs.sockets_of(family))
            return job["status"] == "SUCCESS"

        await shop.job_until(job_id, note, "success")

    await asyncio.gather(*map(watched, jobs))
    strangers = [s for s in seen if not (s.local.is_loopback or s.local in NOWHERE)]
    strangers += [s for s in seen if not (s.remote.is_loopback or s.remote in NOWHERE)]
    strangers += [s for s in seen if s.state == programs.LISTENING and not s.local.is_loopback]
    assert strangers == []
    listening = {s.program for s in seen if s.state == programs.LISTENING}
    talking = {s.program for s in seen if s.state == programs.ESTABLISHED}
    for pid in stack.pids().values():
        assert any(f"({pid})" in program for program in listening)
    for service, replicas in stack.now()["services"].items():
        for replica in replicas:
            assert any(f"({replica['pid']})" in program for program in talking), service
