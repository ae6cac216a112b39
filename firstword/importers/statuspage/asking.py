"""GET over HTTP, patiently: what a busy server asks to have asked again is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_SECONDS = 30.0
_TIMES = 5
#: The longest that is waited because a server asks for it, in seconds.
_PATIENCE = 120
_AGAIN = frozenset({429, 500, 502, 503, 504})
_HEADERS = {"Accept": "application/json", "User-Agent": "firstword"}


class Asker:
    """Reads addresses of one host over one connection, at most so many bytes of each."""

    def __init__(self, most: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._most = most
        self._sleep = sleep
        self._pool: PoolManager | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.clear()

    def get(self, address: str) -> bytes:
        """Return what is at an address. Raises OSError or ValueError."""
        from urllib3.exceptions import HTTPError, InvalidHeader
        from urllib3.util import Retry, Timeout

        pause = self._sleep

        class Patient(Retry):
            """Waits as long as it is asked to, within reason."""

            def sleep(self, response: BaseHTTPResponse | None = None) -> None:
                try:
                    wait = (response and self.get_retry_after(response)) or self.get_backoff_time()
                except InvalidHeader:
                    wait = self.get_backoff_time()
                if response and wait > _PATIENCE:
                    what = f"HTTP Error {response.status}: it asks to wait {wait:.0f} seconds"
                    raise OSError(what)
                if wait:
                    pause(wait)

        retries = Patient(
            total=_TIMES,
            status_forcelist=_AGAIN,
            allowed_methods={"GET"},
            backoff_factor=1.0,
            raise_on_status=False,
        )
        try:
            answer = self._manager(address).request(
                "GET",
                address,
                headers=_HEADERS,
                timeout=Timeout(_SECONDS),
                retries=retries,
                preload_content=False,
            )
            data: bytes = answer.read(self._most + 1, decode_content=True)
            if len(data) > self._most:
                answer.close()
                raise ValueError(f"more than {self._most} bytes")
            answer.release_conn()
        except HTTPError as error:
            raise OSError(" ".join(str(error).split()) or type(error).__name__) from error
        if answer.status != 200:
            raise OSError(f"HTTP Error {answer.status}: {answer.reason or ''}".strip())
        return data

    def _manager(self, address: str) -> PoolManager:
        """Return what asks: through the proxy that the environment names, if it names one."""
        from urllib3 import PoolManager, ProxyManager

        if self._pool is None:
            parts = urlsplit(address)
            proxy = getproxies().get(parts.scheme)
            direct = proxy is None or proxy_bypass(parts.hostname or "")
            self._pool = PoolManager() if direct or proxy is None else ProxyManager(proxy)
        return self._pool
