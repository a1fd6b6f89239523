"""`python -m dropship.gateway`"""

from dropship.gateway.app import build
from dropship.gateway.settings import GatewaySettings
from dropship.runtime.service import run
from dropship.runtime.settings import load

if __name__ == "__main__":
    run(lambda: build(load(GatewaySettings)))
