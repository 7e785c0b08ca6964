"""A backup put back in the place of the present state, which is kept aside first."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile

from annotate.keeping.backup import DUMP, MANIFEST, manifest_of
from annotate.keeping.state import BACKUPS, companions, is_sqlite, kept_files, snapshot
from annotate.server.postgres import Postgres
from annotate.server.running import alone, folder_of, running_in
from annotate.server.server import RESTORING
from annotate.server.settings import DATABASE, Settings
from core.errors import BadInput, LetteraError, ServerError
from core.files import private_folder
from core.records import Json


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` did: files brought back, as of when, and where the former state is."""

    files: int
    made: str
    database: str
    aside: Path


def restore(archive: Path, workspace: Path, database: str | None = None) -> Restored:
    """Brings a workspace back to what it was. Nothing is touched before all of it was checked.

    `database`: where a PostgreSQL database goes, if not to where it was. Cut short, the server does
    not start until it was run again. Raises BadInput, and ServerError while the server runs.
    """
    manifest = manifest_of(archive)
    folder = folder_of(workspace)
    with alone(folder), _told(archive):
        if running_in(folder):
            raise ServerError(
                f"the Label Studio of {workspace} runs; end the lettera that runs it, then restore"
            )
        backups = private_folder(workspace / BACKUPS)
        stage = Path(tempfile.mkdtemp(dir=backups, prefix=".making-"))
        try:
            names = _unpack(archive, stage, manifest)
            target = _target(stage, manifest, database)
            aside = private_folder(backups / f"before-restore-{_now()}")
            if target and not target.is_empty():
                target.dump(aside / DUMP)
            (folder / RESTORING).write_text(archive.name)
            _move_aside(workspace, aside)
            _move_in(stage, workspace, names)
            if target:
                target.restore(stage / DUMP)
                (folder / f"made-{target.mark}").touch(mode=0o600)
            (folder / RESTORING).unlink()
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return Restored(len(names), str(manifest["made"]), str(manifest["database"]), aside)


def _unpack(archive: Path, stage: Path, manifest: Json) -> list[str]:
    """All members into a folder, each checked by its sum and size; the names for the workspace."""
    sizes: dict[str, int] = manifest["files"]
    with ZipFile(archive) as opened:
        for name, size in sizes.items():
            place = PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts:
                raise BadInput(f"{archive}: a file in it would go outside the workspace")
            to = stage / name
            private_folder(to.parent)
            with opened.open(name) as source, _private(to) as target:
                shutil.copyfileobj(source, target)
            if to.stat().st_size != size:
                raise BadInput(f"{archive}: not a whole backup of lettera")
    for name in sizes:
        if is_sqlite(stage / name):
            _check(stage / name, archive)
    return [name for name in sizes if name not in (DUMP, MANIFEST)]


def _check(database: Path, archive: Path) -> None:
    copy = database.with_name(f"{database.name}.check")
    try:
        snapshot(database, copy)
    except BadInput as error:
        raise BadInput(f"{archive}: the database in it is damaged; take another backup") from error
    finally:
        copy.unlink(missing_ok=True)


def _target(stage: Path, manifest: Json, database: str | None) -> Postgres | None:
    """The PostgreSQL database to fill, or None for SQLite."""
    if manifest["database"] != "postgresql":
        if database or os.environ.get(DATABASE):
            raise BadInput(
                f"this backup holds no PostgreSQL database; run without --database and {DATABASE}"
            )
        return None
    return Settings.chosen(stage / "labelstudio", None, None, database).database


def _move_aside(workspace: Path, aside: Path) -> None:
    for path in list(kept_files(workspace)):
        for part in (path, *companions(path)):
            to = aside / part.relative_to(workspace)
            private_folder(to.parent)
            part.rename(to)


def _move_in(stage: Path, workspace: Path, names: list[str]) -> None:
    for name in names:
        to = workspace / name
        private_folder(to.parent)
        (stage / name).rename(to)


@contextmanager
def _told(archive: Path) -> Iterator[None]:
    try:
        yield
    except LetteraError:
        raise
    except (BadZipFile, KeyError, EOFError) as error:
        raise BadInput(f"{archive}: damaged; take another backup") from error
    except OSError as error:
        raise BadInput(
            f"{archive}: cannot be brought back ({error.strerror}); mend that, then run it again"
        ) from error


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
