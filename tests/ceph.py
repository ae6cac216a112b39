"""One node of Ceph on loopback: a monitor, an OSD and an S3 gateway, to be killed and restarted."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from threading import Event

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "ceph", "ceph-authtool", "monmaptool")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAINVENTED", "AWS_SECRET_ACCESS_KEY": "very-secret"}

# One placement group a pool, and a monitor that proposes at once: a cluster is there in seconds.
# Watches end soon, and the gateway keeps nothing in memory: a new one need not wait for a dead one.
# Without tcp_nodelay, every answer waits 40 ms for the acknowledgement of its headers.
_CONF = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth allow insecure global id reclaim = false
mon allow pool size one = true
mon max pg per osd = 1000
mon warn on insecure global id reclaim allowed = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
paxos propose interval = 0.05
paxos min wait = 0.01
mon tick interval = 1
osd client watch timeout = 5
rgw cache enabled = false
osd crush chooseleaf type = 0
osd objectstore = bluestore
bluestore block create = true
bluestore block size = 2147483648
osd memory target = 1073741824
osd heartbeat grace = 4
osd heartbeat interval = 1
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
keyring = {folder}/keyring
osd data = {folder}/osd
mon data = {folder}/mon
rgw frontends = beast endpoint=127.0.0.1:{gateway} tcp_nodelay=1
rgw run sync thread = false
rgw enable usage log = false
"""


def missing_programs() -> list[str]:
    """Return which of the programs are not on this machine."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class Ceph:
    """A cluster whose data lies in one folder, which needs a path of less than 80 characters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        #: what has not been killed, by name
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._gateway_port, self._mon_port = free_port(), free_port()
        self._osd = "0"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._gateway_port}"

    def make(self) -> None:
        """Make a new cluster, with one user, and start everything."""
        for name in ("mon", "osd"):
            (self._folder / name).mkdir(parents=True)
        fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
        keyring, monmap = str(self._folder / "keyring"), str(self._folder / "monmap")
        (self._folder / "ceph.conf").write_text(
            _CONF.format(
                fsid=fsid, folder=self._folder, mon=self._mon_port, gateway=self._gateway_port
            )
        )
        self._do("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.",
                 "--cap", "mon", "allow *")  # fmt: skip
        self._do("ceph-authtool", keyring, "--gen-key", "-n", "client.admin",
                 "--cap", "mon", "allow *", "--cap", "osd", "allow *")  # fmt: skip
        self._do("monmaptool", "--create", "--clobber", "--fsid", fsid,
                 "--addv", "a", f"[v2:127.0.0.1:{self._mon_port}]", monmap)  # fmt: skip
        self._do("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
        self._run("mon", "ceph-mon", "-i", "a")
        self._osd = self._do("ceph", "osd", "new", osd).strip()
        self._do("ceph", "auth", "get-or-create", f"osd.{self._osd}", "mon", "allow profile osd",
                 "osd", "allow *", "-o", str(self._folder / "osd/keyring"))  # fmt: skip
        gateway = self._do("ceph", "auth", "get-or-create", "client.rgw",
                           "mon", "allow rw", "osd", "allow rwx")  # fmt: skip
        with (self._folder / "keyring").open("a") as file:
            file.write(gateway)
        self._do("ceph-osd", "-i", self._osd, "--mkfs", "--osd-uuid", osd,
                 "-k", str(self._folder / "osd/keyring"))  # fmt: skip
        self.start("osd")
        self.start("gateway")
        self._do("radosgw-admin", "user", "create", "--uid=test", "--display-name=test",
                 f"--access-key={KEYS['AWS_ACCESS_KEY_ID']}",
                 f"--secret={KEYS['AWS_SECRET_ACCESS_KEY']}")  # fmt: skip

    def start(self, name: str) -> None:
        """Start "osd" or "gateway" and wait until it serves."""
        if name == "osd":
            self._run("osd", "ceph-osd", "-i", self._osd, "-k", str(self._folder / "osd/keyring"))
            wait_until(lambda: "1 up" in self._do("ceph", "osd", "stat"))
        else:
            self._run("gateway", "radosgw", "-n", "client.rgw", "-k", str(self._folder / "keyring"))
            wait_until(lambda: listens(self._gateway_port))

    def kill(self, name: str) -> None:
        """End one of them at once, as a power cut does."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(30)

    def stop(self) -> None:
        """End all that is still running."""
        for name in list(self.running)[::-1]:
            self.kill(name)

    def _run(self, name: str, *command: str) -> None:
        self.running[name] = subprocess.Popen(
            [*command, "-c", str(self._folder / "ceph.conf"), "-f"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _do(self, *command: str) -> str:
        done = subprocess.run(
            [*command, "-c", str(self._folder / "ceph.conf")]
            if command[0] not in {"ceph-authtool", "monmaptool"}
            else command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for another process to get ready; fail when it does not."""
    for _ in range(int(seconds * 10)):
        if ready():
            return
        Event().wait(0.1)
    raise AssertionError(f"not ready after {seconds} s: {ready}")
