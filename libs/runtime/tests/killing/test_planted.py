"""The checks are checked: each planted bug is caught, and without it all is well."""

import pytest
from toy_checks import violations
from toy_plants import PLANTS, Plant
from toy_scenes import Scene

from toy_house import Toy

SCENES = list(dict.fromkeys(plant.scene for plant in PLANTS))


@pytest.fixture
def window() -> str:
    return "100ms"


@pytest.fixture
def ack_wait() -> str:
    return "1s"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_a_sound_runtime_survives(toy: Toy, scene: Scene) -> None:
    promised = await scene(toy)
    assert await violations(toy, promised) == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
async def test_a_planted_bug_is_caught(
    toy: Toy, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.plant(monkeypatch)
    promised = await plant.scene(toy)
    monkeypatch.undo()
    found = await violations(toy, promised)
    assert any(plant.seen_as in violation for violation in found), found
