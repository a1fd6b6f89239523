"""`python -m dropship.syncer`"""

from dropship.runtime.service import run
from dropship.runtime.settings import load
from dropship.syncer.app import build
from dropship.syncer.settings import SyncerSettings

if __name__ == "__main__":
    run(lambda: build(load(SyncerSettings)))
