"""What is worth knowing about the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from firstword.model import Level, Problem, Site

_PLUGIN = "firstword.plugin"


def check_settings(site: Site, path: str) -> Iterator[Problem]:
    """Say what is set that a company may not want: a notice where somebody switched it on."""
    if site.pinned_clock:
        yield Problem(
            path,
            1,
            "pinned-clock",
            f"PINNED_CLOCK stops this site at {site.pinned_clock:%Y-%m-%d %H:%M} UTC; "
            "it can be published to a folder or a loopback endpoint only",
            Level.NOTICE,
        )
    if site.drills:
        yield Problem(path, 1, "drills", "DRILLS is on: drills are built, marked", Level.NOTICE)
    listed = [one for one in site.components.values() if not one.retired]
    # A site that names no owner at all does without them.
    nobodys = [one.id for one in listed if not one.owner]
    if nobodys and len(nobodys) < len(listed):
        names = ", ".join(map(repr, nobodys))
        message = f"COMPONENTS: nobody answers for {names}; others have an 'owner', so name one"
        yield Problem(path, 1, "owner", message, Level.WARNING)


def check_plugins(settings: Mapping[str, object], path: str) -> Iterator[Problem]:
    """Report that Pelican would build without us, which it does with a log line and exit code 0."""
    plugins = settings.get("PLUGINS")
    listed = plugins if isinstance(plugins, list | tuple | set) else ()
    # Pelican takes the name of a plugin or its module.
    if _PLUGIN not in {getattr(plugin, "__name__", plugin) for plugin in listed}:
        yield Problem(path, 1, "plugins", f"{_PLUGIN!r} is not in PLUGINS: nothing would be built")
