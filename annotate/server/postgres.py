"""A PostgreSQL database that Label Studio works in, and the client programs that look after it.

The database is to be Lettera's own: its schema `public` is emptied when a backup is restored.
Passwords go to the programs by their environment, since arguments are seen by every user.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from core.errors import BadInput, MissingExtra, ServerError

_EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@dataclass(frozen=True, slots=True)
class Postgres:
    """One database of a server."""

    name: str
    user: str
    password: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """The database of a URL. Raises BadInput, without repeating the password in it."""
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError:
            parts, port = urlsplit(""), 0
        name = unquote(parts.path.strip("/"))
        if parts.scheme not in ("postgresql", "postgres") or not name or "/" in name:
            raise BadInput(
                "the database is no address of PostgreSQL; give one like "
                "postgresql://USER:PASSWORD@HOST:5432/NAME, or sqlite"
            )
        user, password = (unquote(part or "") for part in (parts.username, parts.password))
        return cls(name, user or "postgres", password, parts.hostname or "localhost", port)

    def __str__(self) -> str:
        return f"PostgreSQL {self.host}:{self.port}/{self.name}"

    @property
    def mark(self) -> str:
        """Tells one database from another, whatever its password."""
        said = f"{self.host} {self.port} {self.name}"
        return sha256(said.encode()).hexdigest()[:8]

    def environment(self) -> dict[str, str]:
        """How Label Studio is told of it."""
        return {
            "DJANGO_DB": "default",
            "POSTGRE_NAME": self.name,
            "POSTGRE_USER": self.user,
            "POSTGRE_PASSWORD": self.password,
            "POSTGRE_HOST": self.host,
            "POSTGRE_PORT": str(self.port),
        }

    def query(self, sql: str) -> list[str]:
        """The first column of what a statement gives."""
        return self._run("psql", *_PSQL, "-At", "-c", sql).splitlines()

    def is_empty(self) -> bool:
        return self.query(_TABLES) == ["0"]

    def clear(self) -> None:
        """Removes all tables."""
        self.query(_EMPTY)

    def vacuum(self) -> None:
        """Rewrites every table, so that what was deleted is in no file of it any more."""
        self.query("VACUUM FULL")

    def dump(self, file: Path) -> None:
        """The whole database as of one moment, in PostgreSQL's own archive format."""
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-acl", "-f", str(file))

    def restore(self, file: Path) -> None:
        """Puts a dump in the place of all tables, in one transaction: whole or not at all."""
        script = file.with_suffix(".sql")
        script.touch(mode=0o600)
        try:
            self._run("pg_restore", "--no-owner", "--no-acl", "-f", str(script), str(file))
            self._run("psql", *_PSQL, "--single-transaction", "-c", _EMPTY, "-f", str(script))
        finally:
            script.unlink()

    def _run(self, program: str, *arguments: str) -> str:
        if not shutil.which(program):
            raise MissingExtra(f"{program} is missing; apt-get install postgresql-client")
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LC_ALL": "C.UTF-8",
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": self.name,
            "PGPASSWORD": self.password,
            "PGCONNECT_TIMEOUT": "20",
        }
        ran = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, umask=0o077
        )
        if ran.returncode:
            raise ServerError(
                f"{self}: {program} failed ({_reason(ran.stderr)}); look whether the server runs "
                "and lets this user in"
            )
        return ran.stdout


# Errors by number only: their text may quote a row.
_PSQL = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=sqlstate")


def _reason(complaint: str) -> str:
    """What a program complained of, without what could be a row of a table."""
    for line in complaint.splitlines():
        if found := re.search(r"ERROR:\s+(\w{5})$|FATAL:\s+(.*)|error: (.*)", line):
            return next(said for said in found.groups() if said)[:200]
    return "no reason given"
