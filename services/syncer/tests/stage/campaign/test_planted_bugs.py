"""Each bug that somebody could write any day is seen by the judge, within a few hundred seeds."""

import pytest

from campaign.judge import Broken
from campaign.plants import PLANTS, Plant
from campaign.schedule import run

SEEDS = range(400)


def run_all() -> None:
    for seed in SEEDS:
        run(seed)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_seen(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.plant(monkeypatch)
    with pytest.raises(Broken) as broken:
        run_all()
    assert any(words in str(broken.value) for words in plant.seen_as), broken.value
