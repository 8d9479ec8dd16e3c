"""The TCP ports of this machine that are in use, and by which process."""

import errno
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

_LISTEN = "0A"
_LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def is_taken(port: int) -> bool:
    """Whether a process listens at the port on `localhost`, as browsers resolve it."""
    return any(_is_taken(family, address, port) for family, address in _LOOPBACKS)


def _is_taken(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as failure:
        return failure.errno == errno.EADDRINUSE
    return False


def owner(port: int) -> str | None:
    """The listening process, as `name (pid 12)`, if this user may know it."""
    pid = _pid_from_proc(port) if Path("/proc/net/tcp").exists() else _pid_from_lsof(port)
    return f"{command_of(pid)} (pid {pid})" if pid else None


def command_of(pid: int) -> str:
    """The command line of a process; empty if the process does not exist."""
    if Path("/proc/self/cmdline").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return ""
        return b" ".join(words).decode(errors="replace").strip()
    done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _pid_from_proc(port: int) -> int | None:
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening_inodes(Path("/proc/net") / table, port)}
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(handle) in sockets for handle in (process / "fd").iterdir()):  # noqa: PTH115 - no path
                return int(process.name)
        except OSError:
            continue  # a process of another user, or one that has just exited
    return None


def _listening_inodes(table: Path, port: int) -> list[str]:
    if not table.exists():
        return []
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [row[9] for row in rows if row[3] == _LISTEN and int(row[1].rpartition(":")[2], 16) == port]


def _pid_from_lsof(port: int) -> int | None:
    if not shutil.which("lsof"):
        return None
    command = ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fp"]
    found = re.search(
        r"^p(\d+)$", subprocess.run(command, capture_output=True, text=True, check=False).stdout, re.MULTILINE
    )
    return int(found[1]) if found else None
