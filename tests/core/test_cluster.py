"""`--engine ray`: the same results record by record, whatever dies on the way; nothing said aloud.

One cluster of two machines serves the file, the second until a test kills it; what a run leaves
behind is seen on a Ray that it starts itself, as a person's does.
"""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.cluster.blocks import Unit, blocks
from core.cluster.jobs import Read
from core.cluster.machines import told_of
from core.cluster.parts import Folder
from core.cluster.work import Trials, Worker
from core.errors import BadInput
from core.workers import Died
from tests.front_door import LETTER, Run
from tests.places import ROOT
from tests.tiny_model import four_letters

pytestmark = pytest.mark.filterwarnings("ignore:::ray")  # it warns of its own ways
MANY = 24
RAY = ("--engine", "ray")
CHECKOUT = {"PYTHONPATH": str(ROOT)}
CLUSTER = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "f" * 64,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    "RAY_health_check_period_ms": "1000",
    "RAY_worker_niceness": "0",
}
NODE = (
    sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--block",
    "--node-ip-address=127.0.0.1", "--num-cpus=1", "--object-store-memory=100000000",
    "--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0",
    "--include-log-monitor=false",
)  # fmt: skip
HEAD = ("--head", "--no-monitor", "--include-dashboard=false")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[psutil.Process]]:
    """Two machines of a Ray cluster, as `ray start` makes them, which the verbs join."""
    if find_spec("ray") is None:
        pytest.skip("--engine ray is an extra: pip install ray")
    logs = tmp_path_factory.mktemp("nodes")
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="ray-") as temp:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with pytest.MonkeyPatch.context() as environment, ExitStack() as running:
            for name, value in CLUSTER.items():  # before this process imports ray
                environment.setenv(name, value)
            options = {
                "head": (*HEAD, f"--port={port}", f"--temp-dir={temp}"),
                "second": (f"--address=127.0.0.1:{port}",),
            }
            started = [running.enter_context(node(logs / n, o)) for n, o in options.items()]
            environment.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
            yield started


@contextmanager
def node(log: Path, options: Sequence[str]) -> Iterator[psutil.Process]:
    with log.open("w") as said, subprocess.Popen([*NODE, *options], stdout=said, stderr=said) as it:
        process = psutil.Process(it.pid)
        try:
            wait_for(lambda: "block forever" in log.read_text() or it.poll())
            assert it.poll() is None, log.read_text()
            yield process
        finally:
            kill(process)


def kill(node: psutil.Process) -> None:
    """Ends a machine and all that runs on it at once, as a pulled plug does."""
    for one in [*node.children(recursive=True), node] if alive(node) else []:
        with suppress(psutil.NoSuchProcess):
            one.kill()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """90 letters, and their fields the plain way."""
    folder = tmp_path_factory.mktemp("many")
    archive(folder / "lettere", 90)
    plain = [sys.executable, "-m", "lettera", "extract", "lettere", "-o", "fields.json"]
    subprocess.run(plain, cwd=folder, env=os.environ | CHECKOUT, capture_output=True)
    return folder / "lettere", by_key(json.loads((folder / "fields.json").read_text()))


def archive(folder: Path, many: int = MANY) -> None:
    """Letters that differ, an empty file, one twice, one in two letters, one that is no letter."""
    folder.mkdir()
    for number in range(many):
        (folder / f"{number:03}.txt").write_text(f"{LETTER}\nVisita di controllo n. {number}\n")
    (folder / "empty.txt").write_text("")
    (folder / "twice.txt").write_bytes((folder / "003.txt").read_bytes())
    (folder / "other.txt").write_text("Fattura n. 12\nTotale 100 euro\n")


def lines(path: str) -> list[Any]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def by_key(records: list[Any]) -> dict[str, Any]:
    """Records by id, without what the clock says."""
    found = {}
    for record in records:
        record.get("cost", {}).pop("seconds", None)
        found[record["id"]] = record
    assert len(found) == len(records)
    return found


def brought(run: Run, folder: str, target: str) -> Any:
    code, _, complaint = run("convert", folder, target)
    assert code == 0, complaint
    return lines(target) if target.endswith("l") else json.loads(Path(target).read_text())


@pytest.mark.slow
def test_all_verbs_say_the_same_as_without_ray(
    run: Run, nodes: list[psutil.Process], tmp_path: Path
) -> None:
    archive(tmp_path / "lettere")
    said = {}
    for form, engine in ((".jsonl", ()), ("", RAY)):
        _, *said["read", form] = run("read", "lettere", "-o", f"letters{form}", *engine)
        source = f"letters{form}"
        label = run("label", source, "-o", f"labelled{form}", "--by", "rules", *engine)
        out = f"fields{form.replace('.jsonl', '.json')}"
        known = run("extract", source, "--labelled", f"labelled{form}", "-o", out, *engine)
        whole = run("extract", "lettere", "-o", f"whole-{out}", *engine)
        assert (label[0], known[0], whole[0]) == (0, 0, 1)
        said["label", form], said["extract", form] = list(label[1:]), list(known[1:])
    for verb in ("read", "label", "extract"):
        ours, theirs = said[verb, ".jsonl"], said[verb, ""]
        assert theirs[0].rpartition(":")[0] == ours[0].rpartition(":")[0]
    for complaint in (said["read", ""][1], said["read", ".jsonl"][1]):
        assert "empty.txt: the file is empty" in complaint
        assert "twice.txt: the same file as 003.txt" in complaint
        assert len(complaint.splitlines()) == 2
    for kind in ("letters", "labelled"):
        there = by_key(brought(run, kind, f"{kind}-home.jsonl"))
        assert there == by_key(lines(f"{kind}.jsonl")) and there
    for kind in ("fields", "whole-fields"):
        there = by_key(brought(run, kind, f"{kind}-home.json"))
        assert there == by_key(json.loads(Path(f"{kind}.json").read_text())) and there
    made_private_and_plain(tmp_path)


def made_private_and_plain(folder: Path) -> None:
    """Nobody else reads what was written; other programs find columns in it."""
    for path in (*folder.glob("letters/**/*"), *folder.glob("fields/**/*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert not list(folder.glob("letters/_trying/*"))
    table = pq.read_table([*folder.glob("fields/*.parquet")])
    rows = table.select(["letter", "diabete", "fumo", "cognome"]).to_pylist()
    assert {row["letter"]: row for row in rows}["000.txt"] == {
        "letter": "000.txt", "diabete": False, "fumo": "1", "cognome": "CERASUOLO"
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize("kind", ["small", "network"])
def test_a_trained_model_tags_the_same(
    kind: str, run: Run, nodes: list[psutil.Process], tmp_path: Path, tiny_model: Path
) -> None:
    archive(tmp_path / "lettere")
    if kind == "network":
        shutil.copytree(tiny_model, "model")
    else:
        train_small(tmp_path / "model")
    plain = run("tag", "model", "lettere", "-o", "spans.jsonl")
    there = run("tag", "model", "lettere", "-o", "spans", *RAY)
    assert plain[0] == there[0] == 1 and len(there[2].splitlines()) == 2
    assert there[1] == plain[1].replace("spans.jsonl", "spans")
    assert by_key(brought(run, "spans", "home.jsonl")) == by_key(lines("spans.jsonl"))
    assert any(record["spans"] for record in lines("spans.jsonl"))


def train_small(out: Path) -> None:
    from core.learn.options import options_for
    from core.learn.train import train

    train(four_letters(), out, options_for("small", seed=1))


@pytest.mark.slow
def test_what_is_written_is_not_done_again_and_what_changed_is(
    run: Run, nodes: list[psutil.Process], tmp_path: Path
) -> None:
    archive(tmp_path / "lettere")
    run("read", "lettere", "-o", "letters", *RAY)
    parts = {path: path.stat().st_mtime_ns for path in tmp_path.glob("letters/*.parquet")}
    (tmp_path / "lettere" / "new.txt").write_text(f"{LETTER}\nNuova\n")
    (tmp_path / "lettere" / "007.txt").unlink()
    (tmp_path / "lettere" / "empty.txt").write_text(f"{LETTER}\nNon vuota\n")
    code, told, complaint = run("read", "lettere", "-o", "letters", *RAY)
    assert code == 1 and "twice.txt" in complaint and "empty.txt" not in complaint
    assert told == f"read {MANY + 1} letters, 1 turned away (no discharge letters; --all takes " \
        "them): letters\n"  # fmt: skip
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("letters/*.parquet")}
    assert len(set(parts.items()) - set(after.items())) == 1  # the one that had 007.txt
    run("read", "lettere", "-o", "letters.jsonl")
    assert by_key(brought(run, "letters", "home.jsonl")) == by_key(lines("letters.jsonl"))


@pytest.mark.slow
def test_a_killed_worker_costs_its_block_only(
    run: Run, nodes: list[psutil.Process], many: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    letters, plain = many
    killed: list[int] = []
    hunter = threading.Thread(target=kill_a_worker, args=(tmp_path / "fields", nodes, killed))
    hunter.start()
    code, _, complaint = run("extract", str(letters), "-o", "fields", *RAY)
    hunter.join()
    assert killed and code == 1 and len(complaint.splitlines()) == 2
    assert by_key(brought(run, "fields", "home.json")) == plain


def kill_a_worker(out: Path, nodes: list[psutil.Process], killed: list[int]) -> None:
    """Kills one with kill -9 as soon as a first part is there."""
    wait_for(lambda: list(out.glob("*.parquet")))
    for process in workers(nodes):
        process.kill()
        killed.append(process.pid)
        return


def workers(nodes: list[psutil.Process]) -> Iterator[psutil.Process]:
    """The processes that do the blocks."""
    for process in (one for node in nodes for one in node.children(recursive=True)):
        with suppress(psutil.Error):
            if "do_block" in " ".join(process.cmdline()):
                yield process


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_runs_leave_nobody_and_go_on(
    run: Run,
    many: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    letters, plain = many
    alone = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    with a_run(letters, alone) as driver:
        started = psutil.Process(driver.pid).children(recursive=True)
        commands = [" ".join(process.cmdline()) for process in started if alive(process)]
        assert not [one for one in commands if "dashboard.py" in one or "monitor" in one]
        heard = [one.laddr.ip for p in started for one in listening(p)]
        assert heard and all(ip.removeprefix("::ffff:") == "127.0.0.1" for ip in heard)
        driver.kill()
    wait_for(lambda: not [p for p in started if alive(p)])
    held = {path.name for path in tmp_path.glob("fields/_manifest/*.json")}
    nodes = request.getfixturevalue("nodes")
    with a_run(letters, dict(os.environ)) as driver:
        driver.send_signal(signal.SIGINT)
    wait_for(lambda: not list(workers(nodes)))
    code, _, _ = run("extract", str(letters), "-o", "fields", *RAY)
    assert code == 1 and held < {path.name for path in tmp_path.glob("fields/_manifest/*.json")}
    assert by_key(brought(run, "fields", "home.json")) == plain


@contextmanager
def a_run(letters: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """One that has written a further part; it must end by itself after the block."""
    before = len(list(Path("fields").glob("*.parquet")))
    command = [sys.executable, "-m", "lettera", "extract", str(letters), "-o", "fields", *RAY]
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run unseen
    try:
        driver = subprocess.Popen(
            command, env=environment | CHECKOUT, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, ignored)
    with driver:
        wait_for(lambda: len(list(Path("fields").glob("*.parquet"))) > before or driver.poll())
        assert driver.poll() is None, driver.communicate()[1]
        yield driver
        driver.wait(60)


def listening(process: psutil.Process) -> list[Any]:
    try:
        return [one for one in process.net_connections("inet") if one.status == "LISTEN"]
    except psutil.Error:
        return []


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def wait_for(what: Callable[[], Any]) -> None:
    until = time.monotonic() + 250
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
def test_letters_come_from_somebody_elses_table(
    run: Run, nodes: list[psutil.Process], tmp_path: Path
) -> None:
    (tmp_path / "lake").mkdir()
    texts = [f"{LETTER}\nVisita di controllo n. {number}\n" for number in range(600)]
    table = pa.table({"text": texts, "id": [f"n{n}" for n in range(600)], "ward": ["CCH"] * 600})
    pq.write_table(table, tmp_path / "lake" / "a.parquet", row_group_size=300)
    code, told, _ = run("read", "lake", "-o", "letters", *RAY)
    assert (code, told) == (0, "read 600 letters: letters\n")
    (tmp_path / "one.txt").write_text(texts[0])
    run("read", "one.txt", "-o", "one.jsonl")
    here, there = lines("one.jsonl")[0], by_key(brought(run, "letters", "home.jsonl"))["n0"]
    assert here | {"id": "n0", "source": ""} == there


@pytest.mark.slow
def test_a_killed_machine_costs_its_blocks_only(
    run: Run, nodes: list[psutil.Process], many: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    letters, plain = many
    killed: list[int] = []

    def hunt() -> None:
        wait_for(lambda: list((tmp_path / "fields").glob("*.parquet")))
        wait_for(lambda: killed.extend(process.pid for process in workers(nodes[1:])) or killed)
        kill(nodes[1])

    hunter = threading.Thread(target=hunt)
    hunter.start()
    code, told, complaint = run("extract", str(letters), "-o", "fields", *RAY)
    hunter.join()
    assert killed and code == 1 and "twice.txt: the same file as 003.txt" in complaint
    assert len(complaint.splitlines()) == 2 and len(told.splitlines()) == 1  # none of Ray's
    assert by_key(brought(run, "fields", "home.json")) == plain


UNSEEN: dict[str, tuple[str, str]] = {
    "where the results go": ("elsewhere", "."), "where the letters are": ("fields", "elsewhere")
}  # fmt: skip


@pytest.mark.parametrize("out, letters", UNSEEN.values(), ids=UNSEEN)
def test_a_machine_that_sees_other_folders_is_told_of(
    out: str, letters: str, tmp_path: Path
) -> None:
    with Folder(tmp_path / "fields").locked() as word:
        worker = Worker(Read("auto", False), str(tmp_path / out), word, "")
        with pytest.raises(BadInput, match="elsewhere: not seen by .* needs the folders of a run"):
            worker.do([Unit(str(tmp_path / letters / "000.txt"), 1)])
    assert not (tmp_path / "elsewhere").exists()


def test_blocks_of_files_grow_smaller_towards_the_end_and_stretches_stand_alone() -> None:
    files = [Unit(f"{number}.pdf", number) for number in range(9000)]
    stretch = Unit("letters.parquet", 9000, (0, 0, 256), 256)
    sizes = [len(block) for block in blocks(files, len(files), 2)]
    assert sum(sizes) == 9000 and sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-2]) == (512, 8) and len(sizes) < 60
    assert list(blocks([files[0], stretch, files[1]], 2, 2)) == [[stretch], files[:2]]


def test_a_source_that_kills_two_workers_is_left_out(tmp_path: Path) -> None:
    def deadly(source: Any) -> Any:
        if source == Path("b"):
            raise KeyboardInterrupt  # as good as dead: nothing is done any more
        return []

    def block() -> list[str]:
        with Trials(tmp_path / "block", deadly) as made_of:
            done = []
            for name in "abc":
                try:
                    made_of(Path(name))
                    done.append(name)
                except Died:
                    continue
            return done

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            block()
    assert block() == ["a", "c"] and not (tmp_path / "block").exists()


LACKING = {
    "no Lettera": ("No module named 'core.cluster'", "core.cluster"),
    "an older one": ("Can't get attribute 'do_block' on <module 'core.cluster.work'", "do_block"),
}


@pytest.mark.parametrize("said, lacking", LACKING.values(), ids=LACKING)
def test_a_machine_with_another_lettera_is_told_of(said: str, lacking: str) -> None:
    way_out = f"a machine of the Ray cluster lacks {lacking}: install the same Lettera on all"
    assert str(told_of(RuntimeError(said))).startswith(way_out)
    assert told_of(ours := RuntimeError("a mistake of ours")) is ours


CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "an engine nobody knows": (
        ("read", "a.txt", "--engine", "spark"), "no engine named 'spark'; choose one of: local, ray"
    ),
    "a file where a folder is written": (
        ("read", "a.txt", *RAY),
        "letters.jsonl: --engine ray writes a folder of Parquet files; name it with -o",
    ),
    "a hosted model": (
        ("extract", "a.txt", "--by", "llm", "-o", "x", *RAY), "--engine ray is for rules and models"
    ),
}  # fmt: skip


@pytest.mark.parametrize("words, complaint", CASES.values(), ids=CASES)
def test_what_cannot_be_is_said_in_a_line(
    words: tuple[str, ...], complaint: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(LETTER)
    code, _, said = run(*words)
    assert code == 1 and complaint in said and len(said.splitlines()) == 1


WITHOUT = """
import sys
sys.modules["ray"] = None
import lettera
sys.argv = ["lettera", "read", "a.txt", "-o", "{out}", *{engine}]
lettera.main()
"""


def test_without_the_flag_ray_is_not_missed_and_with_it_the_way_out_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LETTER)
    for out, engine in (("l.jsonl", ()), ("l", RAY)):
        told = subprocess.run(
            [sys.executable, "-c", WITHOUT.format(out=out, engine=engine)],
            cwd=tmp_path, env=os.environ | CHECKOUT, capture_output=True, text=True,
        )  # fmt: skip
        assert told.returncode == bool(engine)
    assert told.stderr.startswith("lettera: --engine ray needs ray: .venv/bin/pip install ray -c")
    assert len(told.stderr.splitlines()) == 1


def test_another_run_in_the_same_folder_waits(run: Run, tmp_path: Path) -> None:
    with Folder(tmp_path / "letters").locked():
        with pytest.raises(BadInput, match="another run is writing there"):
            with Folder(tmp_path / "letters").locked():
                pass
