"""Publish this site: build, compare with what each target holds, upload what changed."""

from __future__ import annotations

import sys

from firstword.cli import end_with, publish, run_command

if __name__ == "__main__":
    end_with(run_command("publish.py", publish, sys.argv[1:]))
