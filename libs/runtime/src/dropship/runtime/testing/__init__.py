"""The test kit: real servers, given/when/then, and waiting without sleeping.

A pytest plugin (entry point ``pytest11``), so that its assertions show differences.
"""

from dropship.runtime.testing.scene import Scene, given
from dropship.runtime.testing.servers import Servers, settings_for
from dropship.runtime.testing.waiting import eventually
from dropship.runtime.testing.whole import Deployment, Log, deployed, living

__all__ = [
    "Deployment",
    "Log",
    "Scene",
    "Servers",
    "deployed",
    "eventually",
    "given",
    "living",
    "settings_for",
]
