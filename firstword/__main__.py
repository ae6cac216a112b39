"""`python -m firstword`: the console script where its folder is not on PATH."""

from __future__ import annotations

from firstword.cli import main_and_exit

if __name__ == "__main__":
    main_and_exit()
