"""Other processes of this program that do a part of a long build; their work is as our own.

What they get says all that they may know, what they give back goes into the cache here, in the
order in which it was asked for. So the bytes are those that one process makes.
"""

from __future__ import annotations

from firstword.crew.crew import Crew, cores, processes

__all__ = ["Crew", "cores", "processes"]
