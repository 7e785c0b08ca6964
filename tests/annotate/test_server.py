"""The server's life: found, started once, kept private, ended with whoever started it.

Most of it is shown with a small program in Label Studio's place; what depends on Label Studio
itself, with Label Studio.
"""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from annotate.server import leash
from annotate.server.postgres import Postgres
from annotate.server.server import PROGRAM, LabelStudioServer
from core.errors import BadInput, MissingExtra, ServerError
from tests.studio import free_port

STAND_IN = f"""#!{sys.executable}
import http.server, os, pathlib, subprocess, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{{"status": "UP"}}')
folder = pathlib.Path(os.environ["LABEL_STUDIO_BASE_DATA_DIR"])
(folder / "seen.txt").write_text(repr((sys.argv, sorted(os.environ))))
(folder / "label_studio.sqlite3").touch()
child = subprocess.Popen(["sleep", "600"])
with open(folder / "pids", "a") as file:
    print(os.getpid(), child.pid, file=file)
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
"""
START = """
import sys, time
from pathlib import Path
from annotate.server.server import LabelStudioServer
with LabelStudioServer.start(Path(sys.argv[1]), int(sys.argv[2])):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program in Label Studio's place."""

    def put(code: str) -> None:
        file = tmp_path / "label-studio"
        file.write_text(code)
        file.chmod(0o700)
        monkeypatch.setenv(PROGRAM, str(file))

    return put


@pytest.fixture
def stand_in(program: Callable[[str], None], tmp_path: Path) -> Path:
    """A workspace, with the small program in Label Studio's place."""
    program(STAND_IN)
    return tmp_path / "workspace"


def pids(workspace: Path) -> list[int]:
    return [int(n) for n in (workspace / "labelstudio" / "pids").read_text().split()]


def assert_all_end(numbers: list[int]) -> None:
    end = time.monotonic() + leash.GRACE + 10
    while any(psutil.pid_exists(n) for n in numbers) and time.monotonic() < end:
        time.sleep(0.05)
    assert [n for n in numbers if psutil.pid_exists(n)] == []


def someone_starting(workspace: Path, port: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", START, str(workspace), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.slow
def test_it_starts_and_stops_with_all_it_started(stand_in: Path) -> None:
    port = free_port()
    with LabelStudioServer.start(stand_in, port) as server:
        assert server.url == f"http://127.0.0.1:{port}"
        assert httpx.get(server.url, trust_env=False).status_code == 200
        assert len(pids(stand_in)) == 2 and all(map(psutil.pid_exists, pids(stand_in)))
    assert_all_end(pids(stand_in))
    server.stop()  # twice does no harm


def test_nothing_secret_is_seen_by_others(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOGETHER_API_KEY", "a key that is not for this program")
    old = os.umask(0o022)
    try:
        with LabelStudioServer.start(stand_in, free_port()) as server:
            seen = (stand_in / "labelstudio" / "seen.txt").read_text()
            assert server.password not in seen and server.token not in seen
            assert "TOGETHER_API_KEY" not in seen and "LABEL_STUDIO_PASSWORD" in seen
    finally:
        os.umask(old)
    for path in [stand_in, *stand_in.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_the_account_is_made_once_and_can_be_typed(stand_in: Path) -> None:
    accounts = set()
    for _ in range(2):
        with LabelStudioServer.start(stand_in, free_port()) as server:
            accounts.add((server.username, server.password, server.token))
            assert server.password in server.password_file.read_text()
    [(username, password, token)] = accounts
    assert username == "lettera@localhost" and len(token) == 40
    assert len(password) == 19 and not set(password) & set("01ilo")


def test_a_second_start_finds_the_first(stand_in: Path) -> None:
    with LabelStudioServer.start(stand_in, free_port()) as first:
        with LabelStudioServer.start(stand_in, free_port()) as second:
            assert second.url == first.url and second.token == first.token
        assert len(pids(stand_in)) == 2
        assert httpx.get(first.url, trust_env=False).status_code == 200


@pytest.mark.slow
def test_two_starts_at_once_make_one_server(stand_in: Path) -> None:
    people = [someone_starting(stand_in, free_port()) for _ in range(2)]
    try:
        for person in people:
            assert person.stdout is not None and person.stdout.readline() == "up\n"
        assert len(pids(stand_in)) == 2
    finally:
        end(people)
    assert_all_end(pids(stand_in))


def end(people: "list[subprocess.Popen[str]]") -> None:
    for person in people:
        person.kill()
        person.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_whoever_started_it(stand_in: Path, how: signal.Signals) -> None:
    person = someone_starting(stand_in, free_port())
    try:
        assert person.stdout is not None and person.stdout.readline() == "up\n"
        assert all(map(psutil.pid_exists, pids(stand_in)))
        person.send_signal(how)
        person.wait(20)
        assert_all_end(pids(stand_in))
    finally:
        end([person])
    with LabelStudioServer.start(stand_in, free_port()) as again:
        assert httpx.get(again.url, trust_env=False).status_code == 200


@pytest.mark.slow
def test_a_program_that_will_not_end_is_ended(
    program: Callable[[str], None], tmp_path: Path
) -> None:
    program(STAND_IN.replace("child =", "import signal; signal.signal(15, lambda *_: 0); child ="))
    with LabelStudioServer.start(tmp_path / "w", free_port()):
        numbers = pids(tmp_path / "w")
    assert_all_end(numbers)


def test_a_busy_port_is_told_before_anything_is_started(stand_in: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} .*choose another port"):
            LabelStudioServer.start(stand_in, port)
    assert not (stand_in / "labelstudio" / "pids").exists()


DEATHS = {
    "an error": (
        "raise ValueError('Rossi Mario, nato il 3/2/1950')",
        "ended while starting (ValueError); see ",
    ),
    "an error of another module": (
        "import sys; print('django.db.utils.OperationalError: disk full'); sys.exit(1)",
        "ended while starting (django.db.utils.OperationalError); see ",
    ),
    "no word": ("pass", "ended while starting (no error in its log); see "),
}


@pytest.mark.parametrize(("code", "message"), DEATHS.values(), ids=DEATHS.keys())
def test_an_early_death_is_told_at_once(
    program: Callable[[str], None], tmp_path: Path, code: str, message: str
) -> None:
    program(f"#!{sys.executable}\n{code}\n")
    with pytest.raises(ServerError) as told:
        LabelStudioServer.start(tmp_path / "w", free_port())
    assert message in str(told.value) and "\n" not in str(told.value)
    assert "Rossi" not in str(told.value)


@pytest.mark.slow
def test_one_that_never_comes_up_is_stopped(program: Callable[[str], None], tmp_path: Path) -> None:
    program(STAND_IN.replace("serve_forever()", "server_close(); child.wait()"))
    with pytest.raises(ServerError, match="was not up after 2 s"):
        LabelStudioServer.start(tmp_path / "w", free_port(), timeout=2)
    assert_all_end(pids(tmp_path / "w"))


def test_one_that_stopped_answering_is_told(program: Callable[[str], None], tmp_path: Path) -> None:
    dying = STAND_IN.replace(
        'http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()',
        'server = http.server.HTTPServer(("127.0.0.1", port), Answer)\n'
        "server.handle_request(); server.handle_request(); server.server_close(); child.wait()",
    )
    program(dying)
    with LabelStudioServer.start(tmp_path / "w", free_port()):
        with pytest.raises(ServerError, match=r"does not answer; end it with 'kill \d+'"):
            LabelStudioServer.start(tmp_path / "w", free_port())


def test_a_missing_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM, str(tmp_path / "nowhere"))
    with pytest.raises(MissingExtra, match=r"pip install 'lettera-ner\[server\]'"):
        LabelStudioServer.start(tmp_path / "w", free_port())


def test_a_database_that_was_never_ready_is_made_anew(stand_in: Path) -> None:
    with LabelStudioServer.start(stand_in, free_port()):
        pass
    folder = stand_in / "labelstudio"
    (folder / "label_studio.sqlite3").write_text("work")
    with LabelStudioServer.start(stand_in, free_port()):
        assert (folder / "label_studio.sqlite3").read_text() == "work"
    (folder / "made").unlink()
    with LabelStudioServer.start(stand_in, free_port()):
        assert (folder / "label_studio.sqlite3").read_text() == ""


def test_for_the_network_it_listens_where_it_is_told(stand_in: Path) -> None:
    port = free_port()
    with LabelStudioServer.start(stand_in, port, host="0.0.0.0") as server:
        assert server.url == server.address == f"http://127.0.0.1:{port}"
        seen = (stand_in / "labelstudio" / "seen.txt").read_text()
        assert "'--internal-host', '0.0.0.0'" in seen
        assert "LABEL_STUDIO_HOST" not in seen, "a page's links lead where the page came from"


def test_behind_a_proxy_people_and_programs_go_different_ways(stand_in: Path) -> None:
    port, address = free_port(), "https://lettera.ospedale.it"
    with LabelStudioServer.start(stand_in, port, address=address) as first:
        assert (first.address, first.url) == (address, f"http://127.0.0.1:{port}")
        with LabelStudioServer.start(stand_in, free_port(), address=address + "/") as second:
            assert (second.address, second.url) == (first.address, first.url)
    with LabelStudioServer.start(stand_in, free_port()) as again:
        assert again.address == address, "what was chosen once holds"


ELSEWHERE = {
    "to listen elsewhere": {"host": "0.0.0.0"},
    "another address": {"address": "https://other.it"},
}


@pytest.mark.parametrize("how", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_one_that_runs_is_not_moved(stand_in: Path, how: dict[str, str]) -> None:
    with LabelStudioServer.start(stand_in, free_port()):
        with pytest.raises(ServerError, match="runs already, at .*; end the lettera that runs it"):
            LabelStudioServer.start(stand_in, free_port(), **how)


@pytest.mark.server
def test_a_postgresql_database_that_was_never_ready_is_made_anew(
    stand_in: Path, postgres: str
) -> None:
    Postgres.of(postgres).query("CREATE DATABASE cut")
    url = postgres.rpartition("/")[0] + "/cut"
    database = Postgres.of(url)
    with LabelStudioServer.start(stand_in, free_port(), database=url):
        database.query("CREATE TABLE work (a integer)")
    with LabelStudioServer.start(stand_in, free_port()):
        assert not database.is_empty(), "what was ready once is kept"
    (stand_in / "labelstudio" / f"made-{database.mark}").unlink()
    with LabelStudioServer.start(stand_in, free_port()):
        assert database.is_empty()
    database.query("CREATE TABLE work (a integer)")
    other = stand_in.with_name("other")
    with LabelStudioServer.start(other, free_port(), database=url):
        assert not database.is_empty(), "somebody else's work is not touched"
    assert database.password not in (stand_in / "labelstudio" / "seen.txt").read_text()


def test_a_database_that_does_not_answer_is_told(stand_in: Path) -> None:
    url = f"postgresql://lettera:secret@127.0.0.1:{free_port()}/none"
    with pytest.raises(ServerError, match="PostgreSQL 127.0.0.1:.*failed .*look whether") as told:
        LabelStudioServer.start(stand_in, free_port(), database=url)
    assert "secret" not in str(told.value) and "\n" not in str(told.value)


SPOILT = {
    "no credentials": (lambda folder: (folder / "credentials.toml").unlink(), "without its cred"),
    "cut credentials": (
        lambda folder: (folder / "credentials.toml").write_text("username = 'x'\n"),
        "no username, password and token in it",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_folder_is_told_and_left_as_it_is(
    stand_in: Path, spoil: Callable[[Path], object], message: str
) -> None:
    folder = stand_in / "labelstudio"
    with LabelStudioServer.start(stand_in, free_port()):
        pass
    (folder / "label_studio.sqlite3").write_text("work")
    spoil(folder)
    with pytest.raises(ServerError, match=message):
        LabelStudioServer.start(stand_in, free_port())
    assert (folder / "label_studio.sqlite3").read_text() == "work"


def test_a_workspace_that_cannot_be_made_is_told(stand_in: Path) -> None:
    stand_in.write_text("a file")
    with pytest.raises(BadInput, match="cannot be made"):
        LabelStudioServer.start(stand_in, free_port())


@pytest.mark.server
def test_the_real_one_listens_here_only_and_says_nothing_secret(
    label_studio: LabelStudioServer,
) -> None:
    port = int(label_studio.url.rsplit(":", 1)[1])
    listening = [c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port]
    assert {c.laddr.ip for c in listening if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    log = label_studio.password_file.with_name("server.log").read_text()
    assert label_studio.password not in log and label_studio.token not in log
    answer = httpx.get(f"{label_studio.url}/user/login", trust_env=False)
    assert answer.status_code == 200


@pytest.mark.server
def test_the_real_one_killed_while_its_database_is_made_starts_again(tmp_path: Path) -> None:
    person = someone_starting(tmp_path, free_port())
    database = tmp_path / "labelstudio" / "label_studio.sqlite3"
    try:
        end_of_patience = time.monotonic() + 120
        while not (database.exists() and database.stat().st_size > 50_000):
            assert person.poll() is None and time.monotonic() < end_of_patience
            time.sleep(0.1)
    finally:
        end([person])
    assert not (database.parent / "made").exists()
    with LabelStudioServer.start(tmp_path, free_port()) as server:
        answer = httpx.get(
            f"{server.url}/api/projects/",
            headers={"Authorization": f"Token {server.token}"},
            trust_env=False,
        )
        assert answer.status_code == 200 and answer.json()["count"] == 0
