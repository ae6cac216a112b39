"""nginx as a stand-in for a CDN: readers are served while the origin is down."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ceph import free_port, listens, wait_until
from faults_bucket import Bucket, Server
from faults_reader import HOME, broken_links
from faults_site import Example
from faulty_proxy import FaultyProxy
from moto.server import ThreadedMotoServer
from s3server import copy_bucket

from firstword.clock import system_clock

# Nothing in here says how long an answer may be kept, or used when the origin is down: that is
# what the objects' own Cache-Control says.
_CONF = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi;
  proxy_temp_path {folder}/proxy;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  proxy_cache_path {folder}/cache keys_zone=site:1m;
  server {{
    listen 127.0.0.1:{port};
    location ^~ /.firstword/ {{ return 404; }}
    location / {{
      rewrite ^(.*/)$ /{bucket}/site$1index.html break;
      rewrite ^(.*)$ /{bucket}/site$1 break;
      proxy_pass {origin};
      proxy_cache site;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""
_PUBLIC = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
"Action": "s3:GetObject", "Resource": "arn:aws:s3:::%s/*"}]}"""


class Served(Mapping[str, bytes]):
    """The site as readers get it; `states` is where each answer came from."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.states: list[str] = []

    def __getitem__(self, key: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{self._address}/{key.removesuffix(HOME)}") as answer:
                self.states.append(answer.headers["X-Cache"])
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError("readers cannot list a site")

    def __len__(self) -> int:
        raise NotImplementedError("readers cannot list a site")

    def came_from(self, state: str) -> bool:
        """Ask for the home page and tell where the answer came from."""
        assert self[HOME]
        return self.states[-1] == state


@pytest.fixture
def bucket(example: Example, keys_of_nobody: None) -> Iterator[Bucket]:
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    bucket = Server(f"http://{host}:{port}", example, copy=copy_bucket).bucket()
    bucket.server.client().put_bucket_policy(Bucket=bucket.name, Policy=_PUBLIC % bucket.name)
    yield bucket
    moto.stop()


@pytest.fixture
def origin(bucket: Bucket) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(bucket.server.address)
    # Half a minute is long in a test; all else is what was published.
    proxy.headers = lambda name, value: value.replace(
        "max-age=30, stale-while-revalidate=60", "max-age=1, stale-while-revalidate=1"
    )
    yield proxy
    proxy.close()


@pytest.fixture
def served(bucket: Bucket, origin: FaultyProxy, tmp_path: Path) -> Iterator[Served]:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if nginx is None:
        pytest.skip("no nginx on this machine: apt-get install nginx-light")
    port = free_port()
    conf = _CONF.format(folder=tmp_path, port=port, bucket=bucket.name, origin=origin.address)
    (tmp_path / "nginx.conf").write_text(conf)
    with subprocess.Popen([nginx, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]) as ran:
        wait_until(lambda: listens(port))
        yield Served(f"http://127.0.0.1:{port}")
        ran.terminate()


def test_readers_are_served_while_the_origin_is_down(
    bucket: Bucket, origin: FaultyProxy, served: Served
) -> None:
    older = served[HOME]
    assert broken_links(served) == set()
    assert served.states[0] == "MISS"

    assert bucket.publish(
        bucket.server.example.checkout("newer", depth=1), now=system_clock()
    ).deletes
    # Old and new pages side by side: a cached story may lack the word that a fresh feed links to,
    # but there is no page that is not there.
    assert [line for line in broken_links(served) if line.endswith("which is not there")] == []
    wait_until(lambda: served[HOME] != older)
    wait_until(lambda: broken_links(served) == set() and served.came_from("HIT"))
    newer = bucket.site()

    origin.fault = lambda request: True
    wait_until(lambda: served.came_from("STALE"))
    # Beyond what stale-while-revalidate allows, only stale-if-error helps.
    times = itertools.count()
    wait_until(lambda: served.came_from("STALE") and next(times) > 25)
    served.states.clear()
    assert broken_links(served) == set()
    assert len(served.states) > 20
    assert set(served.states) <= {"STALE", "HIT", "UPDATING"}
    assert served[HOME] == newer[HOME]
    assert ".firstword/root.json" not in served

    origin.fault = lambda request: False
    wait_until(lambda: served.came_from("HIT"))
