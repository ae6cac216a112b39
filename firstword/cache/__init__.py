"""What the last build knew, so that the next one does only what differs.

One SQLite file, data only; delete it at any time. `database` opens it, `stories` answers the
questions of pages from it and notes who asked what, `units` keeps what was made of the answers.
"""

from __future__ import annotations
