"""A workspace comes back as it was: whatever happened to it, or to the backup in the making."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from annotate.keeping.accounts import Accounts
from annotate.keeping.backup import MANIFEST, backing_up, backups_of, make, manifest_of, thin
from annotate.keeping.restore import restore
from annotate.server.postgres import Postgres
from annotate.server.running import Running, note_running
from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.errors import BadInput, ServerError
from tests.annotate.ward import annotator, clone
from tests.studio import free_port

PHRASE = '{"id": "0123456789ab:11112222.1", "letter": "0123456789ab", "text": "Nega diabete."}\n'
ACCOUNT = 'username = "u"\npassword = "p"\ntoken = "t"\n'
KEPT = {
    "letters.jsonl": '{"id": "0123456789ab", "source": "a.pdf", "text": "Nega diabete."}\n',
    "labelled.jsonl": PHRASE,
    "corrected.jsonl": PHRASE,
    "shield.jsonl": "{}\n",
    "annotators.jsonl": "{}\n",
    "labelstudio/credentials.toml": ACCOUNT,
    "labelstudio/.env": "SECRET_KEY=x\n",
    "labelstudio/made": "",
    "labelstudio/files/pages/0123456789ab/1.png": "not really a picture",
}
NOT_KEPT = {
    "model/lettera.json": "{}",
    "model/model.onnx": "large",
    ".model.training/checkpoint-1/x": "large",
    "labelstudio/server.log": "",
    "labelstudio/lock": "",
    "labelstudio/export/project-1.json": "a copy of the letters",
    ".labelled.jsonl.ab12cd34": "cut by a kill",
}
DATABASES = ("ledger.db", "review.db", "labelstudio/label_studio.sqlite3")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    for name, text in (KEPT | NOT_KEPT).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in DATABASES:
        with sqlite3.connect(folder / name) as db:
            db.execute("PRAGMA journal_mode = WAL" if name == "ledger.db" else "SELECT 1")
            db.execute("CREATE TABLE said (a, b)")
            db.execute("INSERT INTO said VALUES (1, 1)")
        db.close()
    return folder


def rows(database: Path) -> list[tuple[int, int]]:
    db = sqlite3.connect(database)
    try:
        return db.execute("SELECT a, b FROM said").fetchall()
    finally:
        db.close()


def contents(folder: Path) -> dict[str, bytes]:
    found = [p for p in folder.rglob("*") if p.is_file() and "backups" not in p.parts]
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


def test_all_that_matters_is_in_it_and_no_model(workspace: Path) -> None:
    made = make(workspace)
    assert made.path.parent == workspace / "backups" and made.database == "sqlite"
    with ZipFile(made.path) as archive:
        assert set(archive.namelist()) == {*KEPT, *DATABASES, MANIFEST}
    assert made.files == len(KEPT) + len(DATABASES)
    assert manifest_of(made.path)["letters"] == ["0123456789ab"]
    for path in (made.path, made.path.parent):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert [p.name for p in made.path.parent.iterdir() if p.name.startswith(".")] == []


def test_a_backup_goes_where_it_is_asked_for(workspace: Path, tmp_path: Path) -> None:
    assert make(workspace, tmp_path / "mine.zip").path == tmp_path / "mine.zip"
    assert backups_of(workspace) == []
    inside = make(workspace, workspace / "mine.zip")
    assert inside.files == make(workspace).files - 1, "no backup holds itself"


def test_a_database_is_copied_as_of_one_moment(workspace: Path, tmp_path: Path) -> None:
    """Each transaction of a busy writer adds a pair; a copy never holds half a pair."""
    stop = threading.Event()

    def write() -> None:
        db = sqlite3.connect(workspace / DATABASES[2], timeout=30)
        db.execute("PRAGMA synchronous = OFF")
        while not stop.is_set():
            with db:
                db.execute("INSERT INTO said VALUES (2, 0)")
                db.execute("INSERT INTO said VALUES (0, 2)")
        db.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(4):
            made = make(workspace, tmp_path / f"{number}.zip")
            with ZipFile(made.path) as archive:
                archive.extract(DATABASES[2], tmp_path / str(number))
            said = rows(tmp_path / str(number) / DATABASES[2])
            assert said.count((2, 0)) == said.count((0, 2))
    finally:
        stop.set()
        writer.join()


def test_what_was_lost_comes_back_and_what_was_there_is_kept_aside(workspace: Path) -> None:
    made = make(workspace)
    before = contents(workspace)
    (workspace / "corrected.jsonl").write_text("spoilt")
    (workspace / "labelstudio" / ".env").unlink()
    (workspace / "later.jsonl").write_text("made after the backup")
    with sqlite3.connect(workspace / DATABASES[2]) as db:
        db.execute("DELETE FROM said")
    db.close()
    done = restore(made.path, workspace)
    assert {name: contents(workspace)[name] for name in KEPT} == {n: before[n] for n in KEPT}
    assert all(rows(workspace / name) == [(1, 1)] for name in DATABASES)
    assert {name: contents(workspace)[name] for name in NOT_KEPT} == {
        name: before[name] for name in NOT_KEPT
    }, "models and logs are left alone"
    assert not (workspace / "later.jsonl").exists()
    assert (done.aside / "later.jsonl").read_text() == "made after the backup"
    assert (done.aside / "corrected.jsonl").read_text() == "spoilt"
    assert rows(done.aside / DATABASES[2]) == []
    assert not (workspace / "labelstudio" / "restoring").exists()


def test_a_damaged_database_can_be_put_right(workspace: Path) -> None:
    made = make(workspace)
    (workspace / DATABASES[2]).write_bytes(b"SQLite format 3\0 and then nothing of use")
    with pytest.raises(BadInput, match="label_studio.sqlite3: "):
        make(workspace)
    restore(made.path, workspace)
    assert rows(workspace / DATABASES[2]) == [(1, 1)]


def rezipped(archive: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    with ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    change(members)
    with ZipFile(archive, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def claim(members: dict[str, bytes], name: str) -> None:
    manifest = json.loads(members[MANIFEST])
    manifest["files"][name] = 1
    members |= {MANIFEST: json.dumps(manifest).encode(), name: b"x"}


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda p: p.write_bytes(p.read_bytes()[:-100]), "not a whole backup"),
    "no archive": (lambda p: p.write_text("hello"), "not a whole backup"),
    "not there": (lambda p: p.unlink(), "cannot be read"),
    "no manifest": (
        lambda p: rezipped(p, lambda members: members.pop(MANIFEST)),
        "not a whole backup",
    ),
    "a file missing": (
        lambda p: rezipped(p, lambda members: members.pop("corrected.jsonl")),
        "damaged",
    ),
    "a file too short": (
        lambda p: rezipped(p, lambda members: members.update({"corrected.jsonl": b""})),
        "not a whole backup",
    ),
    "a way out of the workspace": (
        lambda p: rezipped(p, lambda members: claim(members, "../outside")),
        "outside the workspace",
    ),
    "a broken database": (
        lambda p: rezipped(
            p, lambda m: m.update({DATABASES[2]: m[DATABASES[2]][:4096].ljust(8192, b"?")})
        ),
        "the database in it is damaged",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_backup_is_told_and_nothing_is_touched(
    workspace: Path, spoil: Callable[[Path], object], message: str
) -> None:
    made = make(workspace)
    before = contents(workspace)
    spoil(made.path)
    with pytest.raises(BadInput, match=message):
        restore(made.path, workspace)
    assert contents(workspace) == before
    assert [p.name for p in (workspace / "backups").glob("before-*")] == []


def test_it_refuses_while_the_server_runs(workspace: Path, label_studio_like: str) -> None:
    made = make(workspace)
    running = Running(label_studio_like, label_studio_like, "127.0.0.1")
    note_running(workspace / "labelstudio", os.getpid(), running)
    with pytest.raises(ServerError, match="runs; end the lettera"):
        restore(made.path, workspace)


@pytest.fixture
def label_studio_like() -> Iterator[str]:
    """The address of something that says it is healthy."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "UP"}')

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_restore_cut_short_keeps_the_server_from_starting(workspace: Path) -> None:
    made = make(workspace)
    (workspace / "labelstudio" / "restoring").write_text(made.path.name)
    (workspace / DATABASES[2]).unlink()
    with pytest.raises(ServerError, match="run the same 'lettera restore' again"):
        LabelStudioServer.start(workspace, free_port())
    restore(made.path, workspace)
    assert rows(workspace / DATABASES[2]) == [(1, 1)]


BACKING_UP = """
import sys
from pathlib import Path
from annotate.keeping.backup import make
print("go", flush=True)
while True:
    make(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_leaves_a_whole_archive_or_none(
    workspace: Path, tmp_path: Path
) -> None:
    (workspace / "large.jsonl").write_bytes(os.urandom(3_000_000))
    out = tmp_path / "out.zip"
    for number in range(int(os.environ.get("LETTERA_SOAK", "6"))):
        out.unlink(missing_ok=True)
        run = subprocess.Popen(
            [sys.executable, "-c", BACKING_UP, workspace, out], stdout=subprocess.PIPE
        )
        assert run.stdout is not None and run.stdout.readline() == b"go\n"
        time.sleep(0.03 * (number % 12))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if out.exists():
            assert manifest_of(out)["files"]["large.jsonl"] == 3_000_000
            with ZipFile(out) as archive:
                assert archive.testzip() is None
    make(workspace, out)
    left = [p.name for folder in (tmp_path, workspace / "backups") for p in folder.glob(".*")]
    assert left == [], "what a kill left is swept by the next backup"


FULL = """
import resource, sys
from pathlib import Path
from annotate.keeping.backup import make
from core.errors import BadInput
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    make(Path(sys.argv[1]))
except BadInput as error:
    print(error)
"""


@pytest.mark.parametrize("room", [1_000, 100_000], ids=["for no database", "for no archive"])
def test_a_full_disk_is_one_line(workspace: Path, room: int) -> None:
    (workspace / "large.jsonl").write_bytes(os.urandom(300_000))
    told = subprocess.run(
        [sys.executable, "-c", FULL, workspace, str(room)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.count("\n") == 1 and ("cannot be" in told.stdout), told
    assert backups_of(workspace) == []


NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AGES: dict[str, tuple[list[timedelta], list[int]]] = {
    "a few are all kept": ([timedelta(minutes=m) for m in (1, 2, 3)], [0, 1, 2]),
    "the last of each hour": (
        # 10 archives, one every 10 minutes: the newest six, then the last of each hour.
        [timedelta(minutes=5 + 10 * n) for n in range(13)],
        [0, 1, 2, 3, 4, 5, 6, 12],
    ),
    "the last of each day": (
        [timedelta(minutes=n) for n in range(6)]
        + [timedelta(days=2, hours=1), timedelta(days=2, hours=2), timedelta(days=40)],
        [0, 1, 2, 3, 4, 5, 6],
    ),
}


@pytest.mark.parametrize(("ages", "kept"), AGES.values(), ids=AGES.keys())
def test_old_backups_are_thinned(tmp_path: Path, ages: list[timedelta], kept: list[int]) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    names = [f"lettera-{NOW - age:%Y%m%dT%H%M%SZ}.zip" for age in ages]
    for name in [*names, "mine.zip", "lettera.zip"]:
        (folder / name).touch()
    gone = thin(tmp_path, NOW)
    left = {path.name for path in folder.iterdir()}
    assert left == {names[number] for number in kept} | {"mine.zip", "lettera.zip"}
    assert len(gone) == len(ages) - len(kept)


def test_a_schedule_backs_up_at_once_again_and_after_a_failure(workspace: Path) -> None:
    told: list[str] = []
    damaged = workspace / "damaged.db"

    def wait_until(true: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not true():
            assert time.monotonic() < end
            time.sleep(0.02)

    with backing_up(workspace, 0.001, told.append):
        wait_until(lambda: len(backups_of(workspace)) > 1)
        damaged.write_bytes(b"SQLite format 3\0 and then nothing")
        wait_until(lambda: told)
        damaged.unlink()
        there = backups_of(workspace)[-1]
        wait_until(lambda: backups_of(workspace)[-1] != there)
    assert told[0].startswith("no backup was made: ") and "damaged.db" in told[0]
    with backing_up(workspace, 0, told.append):
        pass


def test_no_workspace_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no workspace there"):
        make(tmp_path / "nowhere")


CONFIG = (
    '<View><Labels name="label" toName="text"><Label value="A"/></Labels>'
    '<Text name="text" value="$text"/></View>'
)


def work_and_ruin(workspace: Path, **how: str) -> None:
    """Someone annotates, a backup is made, someone else deletes the project; it comes back."""
    with LabelStudioServer.start(workspace, free_port(), **how) as server:
        client = connect(server.url, server.token)
        (person,) = Accounts(client, server.url, workspace).add(["Anna che lavora"])
        project = client.projects.create(title="Ruined later", label_config=CONFIG)
        task = {"data": {"text": "Nega diabete.", "letter": "fedcba987654"}}
        client.projects.import_tasks(id=project.id, request=[task])
        (made,) = client.tasks.list(project=project.id)
        with annotator(server.url, person.user, person.password or "") as page:
            assert page.post(f"/api/tasks/{made.id}/annotations/", json={"result": []}).is_success
            backup = make(workspace)
            assert "fedcba987654" in manifest_of(backup.path)["letters"]
            answer = page.delete(f"/api/projects/{project.id}/")
            assert answer.status_code == 204, "Community lets any account do this"
        assert [p for p in client.projects.list() if p.id == project.id] == []
        with pytest.raises(ServerError, match="runs"):
            restore(backup.path, workspace)
    done = restore(backup.path, workspace)
    assert done.database == ("postgresql" if how else "sqlite")
    with LabelStudioServer.start(workspace, free_port()) as server:
        client = connect(server.url, server.token)
        found = next(p for p in client.projects.list() if p.id == project.id)
        assert found.title == "Ruined later" and found.label_config == CONFIG
        (task_back,) = client.tasks.list(project=project.id, fields="all")
        assert task_back.data["text"] == "Nega diabete."
        (annotation,) = client.annotations.list(id=task_back.id)
        assert annotation.completed_by == person.person
        with annotator(server.url, person.user, person.password or "") as page:
            assert page.get("/api/projects/").json()["count"] >= 1


@pytest.mark.server
def test_a_project_deleted_by_an_annotator_comes_back(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    work_and_ruin(clone(label_studio, tmp_path))


@pytest.mark.server
@pytest.mark.timeout(900)
def test_it_comes_back_from_postgresql_too(
    label_studio_on_postgres: LabelStudioServer, postgres: str, tmp_path: Path
) -> None:
    """In a second database, filled by a restore: so a backup can also move to another server."""
    made = make(label_studio_on_postgres.password_file.parent.parent, tmp_path / "session.zip")
    assert made.database == "postgresql"
    Postgres.of(postgres).query("CREATE DATABASE second")
    second = postgres.rpartition("/")[0] + "/second"
    workspace = tmp_path / "workspace"
    restore(made.path, workspace, second)
    work_and_ruin(workspace, database=second)
    Postgres.of(second).vacuum()
    Postgres.of(postgres).query("DROP DATABASE second")
