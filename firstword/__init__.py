"""Firstword: a status page whose every sentence is signed by a person."""

from __future__ import annotations

import atexit
import gc

# What is imported and read here stays, or goes by itself. To look for garbage in circles after each
# 700 new objects, as Python does, costs a command a twentieth of its time, a cold build a tenth.
gc.set_threshold(100_000, *gc.get_threshold()[1:])
# Nor once more before it ends, which takes as long as importing all of Pelican.
atexit.register(gc.freeze)
