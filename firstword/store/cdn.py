"""Tell CloudFront that what it holds is old: nice to have, and never a reason to fail.

Without it readers see new words once Cache-Control lets go, which is half a minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from firstword.store.s3 import harmless

#: From here on one `/*` is asked for: it counts as one path, and each path above 1,000 a month
#: costs money. Few paths are named one by one, so that all other pages stay where readers find
#: them if the bucket cannot be reached.
MOST_PATHS = 15


def invalidation_paths(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the paths under which CloudFront may hold these objects, or `/*` for many."""
    paths = []
    for key in keys:
        path = quote(f"/{key}", safe="/~")
        paths.append(path)
        # The function in front of the cache makes one out of the other; both must go.
        if path.endswith("/index.html"):
            paths.append(path.removesuffix("index.html"))
    return tuple(paths) if len(paths) <= MOST_PATHS else ("/*",)


def invalidate(
    distribution: str, keys: Iterable[str], *, reference: str, profile: str = ""
) -> tuple[str, str]:
    """Ask for an invalidation, once for all keys. Returns (what was done, what went wrong).

    The same `reference` with the same paths is the same invalidation, however often it is sent.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    paths = invalidation_paths(keys)
    try:
        client = boto3.session.Session(profile_name=profile or None).client(
            "cloudfront",
            region_name="us-east-1",  # it has no region of its own, and signs as if in this one
            config=Config(
                connect_timeout=3,
                read_timeout=10,
                retries={"mode": "standard", "total_max_attempts": 2},
            ),
        )
        client.create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": list(paths)},
                "CallerReference": reference,
            },
        )
    except (BotoCoreError, ClientError, ValueError, OSError) as error:
        return "", (
            f"warning: CloudFront {distribution} was not told ({harmless(str(error))}); readers "
            "see the new words when its copies run out, within a minute or two"
        )
    what = "everything" if paths == ("/*",) else f"{len(paths)} paths"
    return f"invalidated {what} at CloudFront {distribution}", ""
