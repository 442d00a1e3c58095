"""The start of the gateway: `python -m garret.gateway PLAN`, with a plan as JSON.

`garret serve` does that.
"""

from __future__ import annotations

import sys

from garret.gateway.keeper import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
