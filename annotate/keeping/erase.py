"""A letter taken out of files: lines of JSON Lines, rows of SQLite, whole files that quote it."""

import gzip
import json
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from annotate.keeping.state import BACKUPS, is_model, is_sqlite, opened
from annotate.keeping.trace import Trace
from core.errors import BadInput
from core.files import replacing
from core.records import Json

# What a person or the server set up; a patient's name in it would be a coincidence.
_SETUP = {"credentials.toml", "settings.toml", "models.toml", ".env", "lock", "running.json"}


def files_of(folder: Path) -> Iterator[Path]:
    """The files that may hold letters: not those of models and backups."""
    if not folder.is_dir():
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            if path.name != BACKUPS and not is_model(path):
                yield from files_of(path)
        elif path.name not in _SETUP:
            yield path


def folders_named(letter: str, folder: Path) -> Iterator[Path]:
    """Folders that are about one letter: its page images."""
    yield from (path for path in folder.rglob(letter) if path.is_dir())


def lines_of(path: Path) -> Iterator[tuple[bytes, Json | None]]:
    """Each line of a JSON Lines file with its record, None where it is none (cut by a kill)."""
    with path.open("rb") as file:
        for line in file:
            try:
                raw = json.loads(line)
            except ValueError:
                raw = None
            yield line, raw if isinstance(raw, dict) else None


def erase_lines(path: Path, trace: Trace, dry: bool) -> int:
    """Drops the letter's lines; returns how many they are."""

    def gone(line: bytes, raw: Json | None) -> bool:
        return trace.in_bytes(line) if raw is None else trace.in_line(raw)

    count = sum(gone(line, raw) for line, raw in lines_of(path))
    if count and not dry:
        with replacing(path) as file:
            file.writelines(line for line, raw in lines_of(path) if not gone(line, raw))
    return count


def erase_rows(database: Path, trace: Trace, dry: bool) -> int:
    """Deletes the rows that speak of the letter from all tables; nothing stays in free pages."""

    def mentions(value: object) -> bool:
        if isinstance(value, bytes):
            return trace.in_bytes(value)
        return isinstance(value, str) and trace.in_text(value)

    count = 0
    try:
        with opened(database) as db:
            db.create_function("mentions", 1, mentions)
            db.execute("PRAGMA secure_delete = ON")
            for table, columns in _tables(db):
                where = " OR ".join(f'mentions("{column}")' for column in columns)
                found = db.execute(f'SELECT count(*) FROM "{table}" WHERE {where}').fetchone()[0]
                if found and not dry:
                    db.execute(f'DELETE FROM "{table}" WHERE {where}')
                count += found
            db.commit()
        if not dry:
            compact(database)
    except sqlite3.Error as error:
        raise BadInput(
            f"{database}: cannot be changed ({error}); end what uses it, then run this again"
        ) from error
    return count


def compact(database: Path) -> None:
    """Rewrites an SQLite database, so that what was deleted is in no page of it any more."""
    try:
        with opened(database) as db:
            db.isolation_level = None
            db.execute("PRAGMA secure_delete = ON")
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise BadInput(
            f"{database}: cannot be rewritten ({error}); end what uses it, then run this again"
        ) from error


def speaks_of(path: Path, known: Callable[[bytes], bool]) -> bool:
    """Whether a file's bytes, as they are or unpacked, are known to be of the letter."""
    return any(known(content) for content in _contents(path))


def remove(path: Path) -> None:
    """A file, or a folder with all in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _tables(db: sqlite3.Connection) -> list[tuple[str, list[str]]]:
    names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT NULL")
    tables = [name for (name,) in names.fetchall() if not name.startswith("sqlite_")]
    columns = {
        table: [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')] for table in tables
    }
    return [(table, columns[table]) for table in tables if columns[table]]


def _contents(path: Path) -> Iterator[bytes]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # beside a database files come and go
        return
    yield content
    if zipfile.is_zipfile(path):  # .xlsx, .zip
        with zipfile.ZipFile(path) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    elif path.suffix == ".parquet":
        yield _rows_of(path)
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif content[:1] == b"\x78":  # spaCy's DocBin
        try:
            yield zlib.decompress(content)
        except zlib.error:
            return


def _rows_of(path: Path) -> bytes:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    read: Any = read_table  # it has no type hints
    try:
        return json.dumps(read(path).to_pylist(), default=str).encode()
    except (ArrowException, OSError):
        return b""


def is_lines(path: Path) -> bool:
    return path.suffix == ".jsonl"


def is_database(path: Path) -> bool:
    return path.suffix not in (".jsonl", ".html") and is_sqlite(path)
