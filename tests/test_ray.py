"""`--engine ray`: the same results record by record, whatever dies on the way; nothing said aloud.

One Ray serves the file; the tests of what a run leaves behind start their own, as a person does.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.cluster.work import Trials
from core.errors import BadInput
from core.workers import Died
from tests.front_door import LETTER, Run

pytestmark = pytest.mark.filterwarnings("ignore:::ray")  # it warns of its own ways
MANY = 24
RAY = ("--engine", "ray")
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "f" * 64,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
}
HEAD = """
import shutil, sys, tempfile, ray
folder = tempfile.mkdtemp(prefix="head-")
started = ray.init("local", num_cpus=2, include_dashboard=False, _temp_dir=folder,
                   object_store_memory=100_000_000, log_to_driver=False)
print(started.address_info["gcs_address"], flush=True)
sys.stdin.read()
ray.shutdown()
shutil.rmtree(folder, ignore_errors=True)
"""


@pytest.fixture(scope="module")
def head() -> Iterator[psutil.Process]:
    """A Ray that stays, which the verbs join; the process above its workers."""
    if find_spec("ray") is None:
        pytest.skip("--engine ray is an extra: pip install 'ray[data]'")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in LOOPBACK.items():  # before this process imports ray
            environment.setenv(name, value)
        with subprocess.Popen(
            [sys.executable, "-c", HEAD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None and process.stdin is not None
            environment.setenv("RAY_ADDRESS", process.stdout.readline().strip())
            yield psutil.Process(process.pid)
            process.stdin.close()
            process.wait(60)


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
    run: Run, head: psutil.Process, tmp_path: Path
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


@pytest.mark.slow
def test_a_folder_is_private_and_plain_to_other_programs(
    run: Run, head: psutil.Process, tmp_path: Path
) -> None:
    archive(tmp_path / "lettere")
    run("read", "lettere", "-o", "letters", *RAY)
    run("extract", "letters", "-o", "fields", *RAY)
    for path in (*tmp_path.glob("letters/**/*"), *tmp_path.glob("fields/**/*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert not list(tmp_path.glob("letters/_trying/*"))
    table = pq.read_table([*tmp_path.glob("fields/*.parquet")])
    rows = table.select(["letter", "diabete", "fumo", "cognome"]).to_pylist()
    assert {row["letter"]: row for row in rows}["000.txt"] == {
        "letter": "000.txt", "diabete": False, "fumo": "1", "cognome": "CERASUOLO"
    }  # fmt: skip


@pytest.mark.slow
def test_what_is_written_is_not_done_again_and_what_changed_is(
    run: Run, head: psutil.Process, tmp_path: Path
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
    run: Run, head: psutil.Process, tmp_path: Path
) -> None:
    archive(tmp_path / "lettere", 150)
    run("read", "lettere", "-o", "letters.jsonl")
    run("extract", "lettere", "-o", "fields.json")
    killed: list[int] = []
    hunter = threading.Thread(target=kill_a_worker, args=(tmp_path / "fields", head, killed))
    hunter.start()
    code, _, complaint = run("extract", "lettere", "-o", "fields", *RAY)
    hunter.join()
    assert killed and code == 1 and len(complaint.splitlines()) == 2
    there = by_key(brought(run, "fields", "home.json"))
    assert there == by_key(json.loads(Path("fields.json").read_text()))


def kill_a_worker(out: Path, head: psutil.Process, killed: list[int]) -> None:
    """Kills one with kill -9 as soon as a first part is there."""
    until = time.monotonic() + 250
    while not list(out.glob("*.parquet")) and time.monotonic() < until:
        time.sleep(0.02)
    for process in head.children(recursive=True):
        if "MapWorker" in " ".join(process.cmdline()):
            process.kill()
            killed.append(process.pid)
            return


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_leaves_nobody_and_goes_on(
    how: signal.Signals, run: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive(tmp_path / "lettere", 150)
    run("extract", "lettere", "-o", "fields.json")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run unseen
    command = [sys.executable, "-m", "lettera", "extract", "lettere", "-o", "fields", *RAY]
    root = str(Path(__file__).parent.parent)
    with subprocess.Popen(
        command, env=environment | {"PYTHONPATH": root}, stderr=subprocess.PIPE, text=True
    ) as driver:
        wait_for(lambda: len(list(tmp_path.glob("fields/*.parquet"))) > 0 or driver.poll())
        assert driver.poll() is None, driver.communicate()[1]
        started = psutil.Process(driver.pid).children(recursive=True)
        heard = [one.laddr.ip for p in started for one in listening(p)]
        assert heard and all(ip.removeprefix("::ffff:") == "127.0.0.1" for ip in heard)
        driver.send_signal(how)
        driver.wait(60)
    wait_for(lambda: not [p for p in started if alive(p)])
    held = {path.name for path in tmp_path.glob("fields/_manifest/*.json")}
    assert held
    request.getfixturevalue("head")
    code, _, _ = run("extract", "lettere", "-o", "fields", *RAY)
    assert code == 1 and held <= {path.name for path in tmp_path.glob("fields/_manifest/*.json")}
    there = by_key(brought(run, "fields", "home.json"))
    assert there == by_key(json.loads(Path("fields.json").read_text()))


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
    run: Run, head: psutil.Process, tmp_path: Path
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


def test_a_source_that_kills_two_workers_is_left_out(tmp_path: Path) -> None:
    def deadly(source: Any) -> Any:
        if source == Path("b"):
            raise KeyboardInterrupt  # as good as dead: nothing is done any more
        return []

    def block() -> list[str]:
        with Trials(tmp_path / "block") as trials:
            done = []
            for name in "abc":
                try:
                    trials.of(deadly, Path(name))
                    done.append(name)
                except Died:
                    continue
            return done

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            block()
    assert block() == ["a", "c"] and not (tmp_path / "block").exists()


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
    root = str(Path(__file__).parent.parent)
    for out, engine in (("l.jsonl", ()), ("l", RAY)):
        told = subprocess.run(
            [sys.executable, "-c", WITHOUT.format(out=out, engine=engine)],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}, capture_output=True, text=True,
        )  # fmt: skip
        assert told.returncode == bool(engine)
    assert told.stderr.startswith("lettera: --engine ray needs ray: .venv/bin/pip install 'ray[d")
    assert len(told.stderr.splitlines()) == 1


def test_another_run_in_the_same_folder_waits(run: Run, tmp_path: Path) -> None:
    from core.cluster.parts import Folder

    with Folder(tmp_path / "letters").locked():
        with pytest.raises(BadInput, match="another run is writing there"):
            with Folder(tmp_path / "letters").locked():
                pass
