"""The work in hand as one archive: Label Studio's database, corrections, ledger, maps, page images.

Label Studio Community has no roles: any account may delete a project. `make` is safe while the
server runs and people work; an archive is there whole or not at all, mode 0600. Models are left
out: they can be trained again.
"""

import fcntl
import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from annotate.keeping.state import BACKUPS, is_sqlite, kept_files, leftover, snapshot
from annotate.server.postgres import Postgres
from annotate.server.server import SQLITE
from annotate.server.settings import Settings
from core.errors import BadInput, LetteraError
from core.files import private_folder, reading, replacing, writing
from core.records import Json

MANIFEST = "lettera-backup.json"
DUMP = "database.dump"
FORMAT = 1
NEWEST, HOURS, DAYS = 6, 24, 31  # what `thin` keeps
_NAME = re.compile(r"lettera-(\d{8}T\d{6}Z)(?:\.(\d+))?\.zip")
_STAMP = "%Y%m%dT%H%M%SZ"
# A letter's id as every file has it: before a phrase's number, at the head of a line, in a task.
_LETTER = re.compile(rb'"letter": ?"([^"\\]+)"|^\{"id": ?"([^":\\]+)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive that was made."""

    path: Path
    files: int
    size: int
    database: str  # sqlite, postgresql, or none where Label Studio was never started


def make(workspace: Path, out: Path | None = None) -> Backup:
    """Backs up a workspace, by itself to `backups/lettera-<time>.zip`. Raises BadInput."""
    if not workspace.is_dir():
        raise BadInput(f"{workspace}: no workspace there; choose one with --workspace")
    folder = private_folder(workspace / BACKUPS)
    with _one_at_a_time(folder):
        out = out or _free_name(folder)
        _sweep(folder, out)
        stage = Path(tempfile.mkdtemp(dir=folder, prefix=".making-"))
        try:
            with writing(out):
                return _make(workspace, out, stage)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _make(workspace: Path, out: Path, stage: Path) -> Backup:
    sizes: dict[str, int] = {}
    letters: set[str] = set()
    postgres = _postgres(workspace)
    with replacing(out) as file, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=4) as archive:

        def put(path: Path, name: str) -> None:
            archive.write(path, name)
            sizes[name] = archive.getinfo(name).file_size

        if postgres:
            dump = stage / DUMP
            postgres.dump(dump)
            letters.update(postgres.query(_LETTERS_OF_TASKS))
            put(dump, DUMP)
        for path in kept_files(workspace):
            name = str(path.relative_to(workspace))
            if path.absolute() == out.absolute():
                continue
            if is_sqlite(path):
                copy = stage / "copy"
                copy.unlink(missing_ok=True)
                snapshot(path, copy)
                path = copy
            letters.update(_letters_in(path))
            put(path, name)
        sqlite = f"labelstudio/{SQLITE}" in sizes
        kind = "postgresql" if postgres else "sqlite" if sqlite else "none"
        manifest = _manifest(sizes, letters, kind)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return Backup(out, len(sizes), out.stat().st_size, manifest["database"])


_LETTERS_OF_TASKS = (
    'SELECT DISTINCT (regexp_matches(data::text, \'"letter": ?"([^"]+)"\', \'g\'))[1] FROM task'
)


def _postgres(workspace: Path) -> Postgres | None:
    """The PostgreSQL database that Label Studio works in, once there is something in it."""
    folder = workspace / "labelstudio"
    found = Settings.chosen(folder, None, None, None).database if folder.is_dir() else None
    return None if found is None or found.is_empty() else found


def _manifest(sizes: dict[str, int], letters: Iterable[str], database: str) -> Json:
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": database,
        "files": sizes,
        "letters": sorted(letters),
    }


def _letters_in(path: Path) -> set[str]:
    """The ids of the letters that a file speaks of."""
    if path.suffix != ".jsonl" and not is_sqlite(path):
        return set()
    found = _LETTER.findall(path.read_bytes())
    return {(first or second).decode("utf-8", "replace") for first, second in found}


def manifest_of(archive: Path) -> Json:
    """What an archive says of itself. Raises BadInput where it is none."""
    try:
        with reading(archive), ZipFile(archive) as opened:
            found: Json = json.loads(opened.read(MANIFEST))
    except (BadZipFile, KeyError, ValueError) as error:
        raise BadInput(f"{archive}: not a whole backup of lettera") from error
    if found.get("format") != FORMAT:
        raise BadInput(f"{archive}: written by another lettera; update lettera")
    return found


def backups_of(workspace: Path) -> list[Path]:
    """The archives in the workspace's own folder, oldest first."""
    found = ((_NAME.fullmatch(path.name), path) for path in (workspace / BACKUPS).glob("*.zip"))
    named = [(name[1], int(name[2] or 0), path) for name, path in found if name]
    return [path for *_, path in sorted(named)]


def thin(workspace: Path, now: datetime | None = None) -> list[Path]:
    """Removes archives that nobody needs any more; returns them.

    Kept are the newest few, the last of each hour for a day and the last of each day for a month.
    """
    now = now or datetime.now(UTC)
    paths = backups_of(workspace)
    keep = set(paths[-NEWEST:])
    for length, reach in (("%Y%m%d%H", timedelta(hours=HOURS)), ("%Y%m%d", timedelta(days=DAYS))):
        last: dict[str, Path] = {}
        for path in paths:
            made = _time_of(path)
            if made and now - made <= reach:
                last[made.strftime(length)] = path
        keep.update(last.values())
    gone = [path for path in paths if path not in keep]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


@contextmanager
def backing_up(workspace: Path, minutes: float, tell: Callable[[str], object]) -> Iterator[None]:
    """Backs up at once and then every so many minutes, as long as the block runs. 0: never.

    What goes wrong is told and tried again the next time; people's work goes on meanwhile.
    """
    over = threading.Event()

    def run() -> None:
        while True:
            try:
                make(workspace)
                thin(workspace)
            except LetteraError as error:
                tell(f"no backup was made: {error}")
            except Exception as error:  # the thread must live on
                tell(f"no backup was made: {type(error).__name__}")
            if over.wait(minutes * 60):
                return

    thread = threading.Thread(target=run, name="backup", daemon=True)
    if minutes > 0:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if minutes > 0:
            thread.join()


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    lock = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(lock, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep(folder: Path, out: Path) -> None:
    """Removes what a killed backup left, here and beside the file to be written."""
    for path in folder.glob(".making-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in (*folder.glob(".lettera-*"), *out.parent.glob(f".{out.name}.*")):
        if leftover(path):
            path.unlink(missing_ok=True)


def _free_name(folder: Path) -> Path:
    stamp = datetime.now(UTC).strftime(_STAMP)
    names = (folder / f"lettera-{stamp}{end}.zip" for end in ("", *(f".{n}" for n in range(1, 99))))
    return next(name for name in names if not name.exists())


def _time_of(path: Path) -> datetime | None:
    found = _NAME.fullmatch(path.name)
    return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC) if found else None
