"""What a site consists of, as units, and the making of those that are not as they were."""

from __future__ import annotations

from firstword.making.site import STOCK, find_images
from firstword.making.workshop import Workshop

__all__ = ["STOCK", "Workshop", "find_images"]
