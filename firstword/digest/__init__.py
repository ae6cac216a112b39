"""What people said → mail: which editions there are, and what each says. Pure.

`editions` tells what may go out by an instant; a `Composer` writes it for whoever reads alike.
Who gets it, and that nobody gets it twice, is for `mail`.
"""

from __future__ import annotations

from firstword.digest.composer import Composed, Composer
from firstword.digest.editions import editions, lapsed, news, open_stories
from firstword.digest.headers import Unmailable
from firstword.digest.ways import ways_of

__all__ = [
    "Composed",
    "Composer",
    "Unmailable",
    "editions",
    "lapsed",
    "news",
    "open_stories",
    "ways_of",
]
