"""Plugins come in by entry points; a broken one is named and the others live."""

import sys
from pathlib import Path

import pytest

from dropship.runtime.plugins import load

GROUP = "dropship.test_suppliers"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def install(site: Path, distribution: str, entries: dict[str, str]) -> None:
    folder = site / f"{distribution}-1.2.dist-info"
    folder.mkdir()
    folder.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
    )
    lines = "\n".join(f"{name} = {target}" for name, target in entries.items())
    folder.joinpath("entry_points.txt").write_text(f"[{GROUP}]\n{lines}\n")


def test_a_plugin_is_found_with_the_distribution_it_came_from(site: Path) -> None:
    site.joinpath("toy_shop.py").write_text("plugin = 'the toy shop'\n")
    install(site, "toy_shop", {"toys": "toy_shop:plugin"})
    toys = load(GROUP).found["toys"]
    assert (toys.distribution, toys.version, toys.loaded) == ("toy_shop", "1.2", "the toy shop")


def test_a_broken_plugin_is_refused_by_name_and_the_others_live(site: Path) -> None:
    site.joinpath("good_shop.py").write_text("plugin = 'good'\n")
    site.joinpath("bad_shop.py").write_text(
        "raise RuntimeError('cannot reach https://me:hunter2@shop.example/')\n"
    )
    site.joinpath("rude_shop.py").write_text("raise SystemExit(1)\n")
    install(site, "good_shop", {"good": "good_shop:plugin"})
    install(
        site,
        "bad_shop",
        {"bad": "bad_shop:plugin", "gone": "no_such_module:plugin", "empty": "good_shop:nothing"},
    )
    install(site, "rude_shop", {"rude": "rude_shop:plugin"})
    plugins = load(GROUP)
    assert plugins.found.keys() == {"good"}
    assert plugins.broken.keys() == {"bad", "gone", "empty", "rude"}
    assert "ModuleNotFoundError" in plugins.broken["gone"]
    assert "RuntimeError" in plugins.broken["bad"]
    assert "hunter2" not in plugins.broken["bad"]


def test_two_plugins_of_one_name_are_both_refused(site: Path) -> None:
    site.joinpath("twin_shop.py").write_text("plugin = 'twin'\n")
    install(site, "twin_one", {"twin": "twin_shop:plugin"})
    install(site, "twin_two", {"twin": "twin_shop:plugin"})
    plugins = load(GROUP)
    assert not plugins.found
    assert "more than one" in plugins.broken["twin"]


def test_a_group_without_plugins_is_simply_empty() -> None:
    plugins = load("dropship.nobody")
    assert not plugins.found
    assert not plugins.broken
