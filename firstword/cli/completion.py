"""Print what makes a shell complete the commands and their flags.

examples:
  eval "$(firstword completion bash)"     # in ~/.bashrc
  eval "$(firstword completion zsh)"      # in ~/.zshrc, below compinit
"""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=("bash", "zsh"), help="which shell")


def run(options: argparse.Namespace) -> int:
    """Print the script; nothing of a site is needed."""
    import shtab

    print(shtab.complete(_everything(), shell=options.shell))
    return 0


def _everything() -> argparse.ArgumentParser:
    """Put the parsers of all commands, else made one at a time, under one."""
    from importlib import import_module

    from firstword.cli import COMMANDS

    parser = argparse.ArgumentParser(prog="firstword")
    verbs = parser.add_subparsers()
    words = _words()
    for name, (module, text) in COMMANDS.items():
        command = verbs.add_parser(name, help=text, description=text)
        import_module(module).add_arguments(command)
        for action in command._actions:
            # The commands take the beginning of a word too, so they declare no choices.
            action.choices = action.choices or words.get(action.dest)
    return parser


def _words() -> dict[str, list[str]]:
    from firstword.model import About, Impact, Status

    lists = {"status": Status, "impact": Impact, "about": About}
    return {name: [str(word) for word in words] for name, words in lists.items()}
