"""What the user named -> letters, one by one: files are read, in processes beside each other.

A file of letters that were read before (letters.jsonl) gives them as they are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from core.errors import BadInput, LetteraError
from core.jsonl import read_records
from core.read import read_file
from core.read.readers.folders import expand
from core.records import Letter
from core.workers import Died, in_processes

Source = Path | Letter
Made = TypeVar("Made")
Watch = Callable[[Iterable[Any], str, int], Iterable[Any]]


def files_as_letters(
    files: Sequence[str], failures: list[str], what: str, watch: Watch
) -> Iterator[Letter]:
    """The letters of some files one by one, those of a letters.jsonl among them as they are.

    A file that cannot be read, or that is the same as one before, goes to the failures.
    """

    def work(source: Source) -> list[tuple[str, Letter]]:
        return [(letter.id, letter) for letter in letters_in(source)]

    yield from each_letter(files, work, failures, what, watch)


def letters_in(source: Source, reader: str = "auto") -> list[Letter]:
    return [source] if isinstance(source, Letter) else read_file(source, reader)


def each_letter(
    files: Sequence[str],
    work: Callable[[Source], list[tuple[str, Made]]],
    failures: list[str],
    what: str,
    watch: Watch,
) -> Iterator[Made]:
    """What `work` makes of each letter (with the letter's id), in processes; each letter once."""
    names: dict[str, str] = {}
    paths = expanded(files, failures)
    sources = _sources(watch(paths, what, len(paths)), failures)
    with closing(in_processes(work, sources)) as done:
        for source, made in done:
            path = Path(source.source) if isinstance(source, Letter) else source
            if isinstance(made, LetteraError):
                failures.append(told(path, made))
                continue
            for id, one in made:
                if id in names:
                    failures.append(f"{path}: the same file as {names[id]}")
                    continue
                names[id] = path.name
                yield one


def _sources(paths: Iterable[Path], failures: list[str]) -> Iterator[Source]:
    """The files that are to be read, and the letters of those that hold letters read before."""
    for path in paths:
        if path.suffix.lower() != ".jsonl":
            yield path
            continue
        try:
            yield from read_records(path, Letter)
        except LetteraError as error:
            failures.append(str(error))


def expanded(files: Sequence[str], failures: list[str]) -> list[Path]:
    """The files behind names; a name that leads nowhere is a failure, all of them an error."""
    paths: dict[Path, None] = {}
    for name in files:
        try:
            paths |= dict.fromkeys(expand([name]))
        except LetteraError as error:
            failures.append(str(error))
    if not paths:
        raise BadInput(failures[0] if failures else "no files given")
    return list(paths)


def told(path: Path, error: LetteraError) -> str:
    return f"{path}: {error}" if isinstance(error, Died) else str(error)
