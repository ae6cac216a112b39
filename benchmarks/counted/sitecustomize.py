"""Note each content file that is opened for reading, and each template that is rendered.

Python imports this by itself when the folder is on PYTHONPATH. A letter is appended to BENCH_LOG
for each, so that workers count too and a process that ends abruptly has counted all the same.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from typing import Any

_CONTENT = os.environ.get("BENCH_CONTENT", "") + os.sep
_LOG = os.open(os.environ.get("BENCH_LOG", os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_WRITING = os.O_WRONLY | os.O_RDWR


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and not (args[2] or 0) & _WRITING:
        path = args[0]
        if isinstance(path, str | bytes | os.PathLike):
            name = os.fsdecode(path)
            # Pictures are opened too; what is counted are texts.
            if name.endswith(".md") and os.path.abspath(name).startswith(_CONTENT):  # noqa: PTH100
                os.write(_LOG, b"r")


#: Module → the class in it that renders, and how: a page of ours becomes bytes at once.
_RENDERING = {
    "jinja2.environment": ("Template", "render"),
    "firstword.render.running": ("QuickTemplate", "encoded"),
}


class _WrapsRendering:
    """Stands before the import of whatever renders and wraps it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Find a module that renders as ever, with another last step."""
        if name not in _RENDERING:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loaded = loader.exec_module

            def load(module: Any) -> None:
                loaded(module)
                of, how = _RENDERING[name]
                renders = getattr(getattr(module, of), how)

                def noted(template: Any, *args: Any, **kwargs: Any) -> Any:
                    os.write(_LOG, b"t")
                    return renders(template, *args, **kwargs)

                setattr(getattr(module, of), how, noted)

            loader.exec_module = load
        return spec


sys.addaudithook(_watch)
sys.meta_path.insert(0, _WrapsRendering())
