"""`python -m dropship.tracker`"""

from dropship.runtime.service import run
from dropship.runtime.settings import load
from dropship.tracker.app import build
from dropship.tracker.settings import TrackerSettings

if __name__ == "__main__":
    run(lambda: build(load(TrackerSettings)))
