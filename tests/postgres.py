"""Debian's PostgreSQL, a cluster of its own for a run of the tests, and a Label Studio on it."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotate.server.server import LabelStudioServer
from tests.studio import free_port

DEBIAN = Path("/usr/lib/postgresql")
USER = "lettera"


def programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = [path.parent for path in DEBIAN.glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def unprivileged() -> str | None:
    """Who runs it: PostgreSQL refuses root."""
    if os.getuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of an empty database, its server ended and its files removed afterwards."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    user, password, port = unprivileged(), secrets.token_hex(8), free_port()
    # The folders of pytest are root's alone.
    folder = Path(tempfile.mkdtemp(prefix="lettera-postgres-"))
    data, word = folder / "data", folder / "password"
    word.write_text(password)
    if user:
        for path in (folder, word):
            shutil.chown(path, user)

    def run(program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [bin_folder / program, *arguments],
            user=user, cwd=folder, check=True, capture_output=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGPASSWORD": password},
        )  # fmt: skip

    options = f"-h 127.0.0.1 -p {port} -k {folder} -F -c max_connections=200"
    log = folder / "log"
    try:
        run("initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={word}")
        run("pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, USER)
            yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/{USER}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def label_studio_on_postgres(
    postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabelStudioServer]:
    """A started Label Studio whose database is PostgreSQL."""
    folder = tmp_path_factory.mktemp("studio-postgres")
    with LabelStudioServer.start(folder, free_port(), database=postgres) as server:
        yield server
