"""What is remembered follows from what was heard, however it was batched and interleaved."""

from typing import Any

import pytest


@pytest.mark.parametrize(("seed", "batch"), [(1, 1), (2, 7), (3, 500)])
async def test_any_order_that_keeps_each_keys_own_leaves_the_same_rows(
    story: Any, words: Any, seed: int, batch: int
) -> None:
    year = words.year(seed, 60)
    await story.hears_all(year)
    once = await story.remembers()
    assert all(once.values())
    await story.forgets()
    await story.hears_all(words.interleaved(year, seed), batch)
    assert await story.remembers() == once
