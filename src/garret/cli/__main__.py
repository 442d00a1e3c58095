"""`python -m garret.cli`: the same as the installed `garret`."""

import sys

from garret.cli.main import main

sys.exit(main())
