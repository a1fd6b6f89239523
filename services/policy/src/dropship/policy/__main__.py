"""`python -m dropship.policy`"""

from dropship.policy.app import build
from dropship.policy.settings import PolicySettings
from dropship.runtime.service import run
from dropship.runtime.settings import load

if __name__ == "__main__":
    run(lambda: build(load(PolicySettings)))
