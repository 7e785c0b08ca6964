"""What the verbs share: the options that mean the same everywhere, and how they speak."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BadInput, ServerError, UnknownName

if TYPE_CHECKING:
    from core.records import Annotation
    from core.schema import View

WORKSPACE = Path("workspace")
HOST = "127.0.0.1"

Out = Annotated[Path, typer.Option("-o", "--out", help="File to write.")]
OutFolder = Annotated[Path, typer.Option("-o", "--out", help="Folder to write.")]
Workspace = Annotated[
    Path, typer.Option(help="Folder of the work in hand.", envvar="LETTERA_WORKSPACE")
]
Project = Annotated[str, typer.Option(help="Name of the Label Studio project.")]
Url = Annotated[
    str | None,
    typer.Option(help="A Label Studio of your own (token: LABEL_STUDIO_TOKEN)."),
]


def say(sentence: str) -> None:
    """One line for the person at the terminal."""
    print(sentence, flush=True)


def warn(sentence: str) -> None:
    """One line beside what is written, for the person at the terminal."""
    print(f"lettera: {sentence}", file=sys.stderr, flush=True)


def watch(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    """A bar with the time left; quiet when nobody watches."""
    from tqdm import tqdm

    return tqdm(items, desc=what, total=total, disable=None, leave=False)


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar with the time left, for steps that say themselves how far they are."""
    from tqdm import tqdm

    with tqdm(desc=what, disable=None, leave=False) as shown:

        def show(done: int, total: int | None) -> None:
            shown.total, shown.n = total, done
            shown.refresh()

        yield show


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass
class Failures:
    """What could not be done while the rest was; listed at the end, then exit code 1."""

    lines: list[str] = field(default_factory=list)

    def close(self) -> None:
        for line in self.lines:
            warn(line)
        if self.lines:
            raise typer.Exit(1)


def as_view(name: str) -> "View":
    from core.schema import VIEWS

    for view in VIEWS:
        if view == name:
            return view
    raise UnknownName(f"no label set named '{name}'; choose one of: {', '.join(VIEWS)}")


def view_of(annotations: Iterable["Annotation"]) -> "View":
    """The label set of annotations: the one they name, else the smallest that has their labels."""
    from core.schema import default_schema

    told: set[str] = set()
    labels: set[str] = set()
    for annotation in annotations:
        if "view" in annotation.extra:
            told.add(str(annotation.extra["view"]))
        labels.update(span.label for span in annotation.spans)
    return as_view(told.pop()) if len(told) == 1 else default_schema().view_of(labels)


def read_annotations(path: Path) -> list["Annotation"]:
    from core.jsonl import read_records
    from core.records import Annotation

    return list(read_records(path, Annotation))


def some_annotations(path: Path) -> list["Annotation"]:
    """The annotations of a file. Raises BadInput where it holds none: there is nothing to do."""
    if found := read_annotations(path):
        return found
    raise BadInput(f"{path}: holds no phrases; lettera label writes them")


@contextmanager
def studio(url: str | None, workspace: Path) -> Iterator[Any]:
    """A client of the user's own Label Studio, or of the workspace's, started if need be."""
    from annotate.server.server import LabelStudioServer
    from annotate.sync.studio import connect

    if url:
        yield connect(url, os.environ.get("LABEL_STUDIO_TOKEN", ""))
        return
    with LabelStudioServer.start(workspace) as server:
        yield connect(server.url, server.token)


def wait(told: str) -> None:
    say(told)
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nstopping")


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the loop as Ctrl-C does, so that the servers are stopped."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def check_port(port: int, option: str) -> None:
    """Raises ServerError where something listens on a port already."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ServerError(f"port {port} is taken by another program; choose one with {option}")
