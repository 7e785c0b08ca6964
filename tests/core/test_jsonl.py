"""JSON Lines at the door: whole or not at all, private, and usable after a kill."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import BadInput
from core.files import private_folder, replacing
from core.jsonl import Journal, read_records, write_records
from core.records import Annotation, Phrase


def annotation(number: int, source: str = "rules/1") -> Annotation:
    phrase = Phrase(f"a:{number:08x}.1", "a", 0, 4, "fuma")
    return Annotation(phrase, (), "rules", source)


def test_records_are_written_whole_and_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "labelled.jsonl"
    assert write_records(path, map(annotation, range(3))) == 3
    assert list(read_records(path, Annotation)) == [annotation(n) for n in range(3)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["labelled.jsonl"]


def test_a_failing_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    write_records(path, [annotation(1)])

    def broken() -> Iterator[Annotation]:
        yield annotation(2)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_records(path, broken())
    assert list(read_records(path, Annotation)) == [annotation(1)]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    {
        "not JSON": ("{oops", "JSONDecodeError"),
        "not an object": ("[1]", "not an annotated phrase"),
        "a key is missing": ('{"id": "a:1.1", "segreto": 1}', "give a file of lettera label"),
        "not UTF-8": ("\xe8\xff", "not an annotated phrase"),
    }.values(),
)
def test_a_bad_line_is_named_by_its_number_and_never_quoted(
    tmp_path: Path, line: str, says: str
) -> None:
    path = tmp_path / "x.jsonl"
    write_records(path, [annotation(1)])
    with path.open("ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    with pytest.raises(BadInput, match=f"x.jsonl:2: .*{says}") as error:
        list(read_records(path, Annotation))
    assert "segreto" not in str(error.value)


def test_a_missing_file_and_a_folder_in_the_way_say_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        list(read_records(tmp_path / "none.jsonl", Annotation))
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="--workspace"):
        private_folder(tmp_path / "file" / "workspace")
    with pytest.raises(BadInput, match="cannot be written"), replacing(tmp_path / "file" / "x"):
        pass


def test_a_journal_goes_on_after_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    with Journal(path, Annotation) as journal:
        for number in range(3):
            journal.add(annotation(number))
    os.truncate(path, path.stat().st_size - 5)
    with Journal(path, Annotation) as journal:
        made = [n for n in (5, 0, 1, 2) if annotation(n).key not in journal]
        for number in made:
            journal.add(annotation(number))
        assert journal.finish(annotation(n).key for n in (5, 0, 1, 2)) == 4
    assert made == [5, 2]
    assert list(read_records(path, Annotation)) == [annotation(n) for n in (5, 0, 1, 2)]


def test_a_journal_makes_again_what_another_labeller_made(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    write_records(path, [annotation(1, "rules/1"), annotation(2, "rules/2")])
    with Journal(path, Annotation, reuse=lambda old: old.source == "rules/2") as journal:
        assert annotation(1).key not in journal and annotation(2).key in journal


def test_lone_surrogates_survive(tmp_path: Path) -> None:
    odd = Annotation(Phrase("a:1.1", "a", 0, 2, "\ud800x"), (), "rules", "rules/1")
    write_records(tmp_path / "x.jsonl", [odd])
    assert list(read_records(tmp_path / "x.jsonl", Annotation)) == [odd]
