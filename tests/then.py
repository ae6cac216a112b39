"""`firstword` by the clock of SOURCE_DATE_EPOCH, for consents and answers as well: then.py ...

The program itself takes the time at which somebody agrees from the machine alone.
"""

from __future__ import annotations

import os

from firstword import clock

clock.system_clock = lambda: clock.read_clock(os.environ, None)

from firstword.cli import main_and_exit  # noqa: E402  the clock comes first

main_and_exit()
