"""What the command line reads from its surroundings: the only place here that does."""

import os
from pathlib import Path

HOME_VARIABLE = "DROPSHIP_HOME"
OURS = "DROPSHIP_"


def default_home() -> Path:
    """The folder of a stack: ``$DROPSHIP_HOME``, else ``.data`` below the current folder."""
    return Path(os.environ.get(HOME_VARIABLE) or ".data")


def inherited() -> dict[str, str]:
    """The environment that children get, to which their own settings are added."""
    return {name: value for name, value in os.environ.items() if name != HOME_VARIABLE}


def setting(name: str) -> str | None:
    """A ``DROPSHIP_…`` variable that the operator has set, or None."""
    return os.environ.get(f"{OURS}{name}")
