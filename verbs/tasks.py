"""The verbs that carry phrases to the annotators and their corrections back."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from core.errors import BadInput, LetteraError, UnknownName
from verbs.options import Labelled
from verbs.terminal import (
    WORKSPACE,
    Failures,
    Out,
    Project,
    Url,
    Workspace,
    bar,
    count,
    read_annotations,
    say,
    some_annotations,
    studio,
    view_of,
    warn,
    watch,
)

if TYPE_CHECKING:
    from annotate.screen import config, words
    from core.records import Annotation

app = typer.Typer()

Unit = Annotated[
    str | None,
    typer.Option(help="phrase or letter; by itself phrase, and letter for the labels `field`."),
]
Bare = Annotated[
    float, typer.Option(help="Share of new phrases without pre-labels, to measure what they save.")
]
Language = Annotated[str, typer.Option(help="Of the annotators' screens: it or en.")]
Letters = Annotated[
    Path | None,
    typer.Option(help="letters.jsonl, to show the pages of the PDFs beside each letter."),
]
Pdfs = Annotated[
    list[str] | None,
    typer.Option("--pdf", help="With --letters: the files, folders or globs they were read from."),
]


def as_unit(name: str | None) -> "config.Unit | None":
    if name is None:
        return None
    if name in ("phrase", "letter"):
        return cast("config.Unit", name)
    raise UnknownName(f"no unit named '{name}'; choose phrase or letter")


def as_language(name: str) -> "words.Language":
    if name in ("it", "en"):
        return cast("words.Language", name)
    raise UnknownName(f"no screens in '{name}'; choose it or en")


def page_images(
    letters: Path | None,
    files: list[str] | None,
    url: str | None,
    workspace: Path,
    failures: list[str],
) -> dict[str, list[str]]:
    """The pages of letters as images for the workspace's own server; {} where none are wanted."""
    from annotate.screen.pages import render_pages
    from annotate.server.settings import files_folder
    from core.jsonl import read_records
    from core.read.readers.folders import expand
    from core.records import Letter

    if letters is None:
        return {}
    if url:
        raise BadInput(
            "--letters: pages are shown by the workspace's own server only; leave --url out"
        )
    if not files:
        raise BadInput("--letters: name the PDFs too, as in --pdf lettere/")
    known = list(read_records(letters, Letter))
    folder = files_folder(workspace / "labelstudio")
    pages = render_pages(known, expand(files), folder, failures)
    return dict(watch(pages, "pages", len(known)))


def push_step(
    client: Any, project: str, annotations: Sequence["Annotation"], **how: Any
) -> "list[str]":
    """Phrases and their pre-labels to a project; gives what was refused, a line each."""
    from annotate.sync.push import push
    from core.schema import default_schema

    with bar("sending") as progress:
        done = push(
            client, project, annotations, default_schema(), view_of(annotations), progress, **how
        )
    noun = "letter" if done.unit == "letter" else "phrase"
    told = f"{count(done.added, noun)} added, {done.already:,} phrases there already"
    for number, what in (
        (done.updated, "with newer pre-labels"),
        (done.bare, "without pre-labels on purpose"),
        (done.carried, "equal to another, shown once"),
        (done.hidden, "headings and footers, not shown"),
        (done.uncovered, "waiting without the pre-labels that are shown"),
    ):
        told += f", {number:,} {what}" if number else ""
    say(f"project '{project}': {told}")
    if done.dropped:
        say(f"  older pre-labels deleted: {', '.join(done.dropped)}")
    return [f"{refused.id}: {refused.reason}" for refused in done.refused]


def pull_step(client: Any, project: str, out: Path, full: bool = False) -> list["Annotation"]:
    """Brings corrected.jsonl up to date with what people did."""
    from annotate.sync.pull import pull_into
    from core.schema import default_schema

    with bar("reading") as progress:
        done = pull_into(client, project, default_schema(), out, full=full, progress=progress)
    for refused in done.refused:
        warn(f"{refused.id}: {refused.reason}")
    told = f", {done.skipped:,} of them skipped" if done.skipped else ""
    told += f", {done.withdrawn:,} taken out (deleted on the server)" if done.withdrawn else ""
    told += f", {done.gone:,} kept that the server has no more" if done.gone else ""
    say(f"{count(done.lines, 'answer')} by people, {done.fresh:,} new or changed{told}: {out}")
    return read_annotations(out)


@app.command()
def push(
    labelled: Labelled,
    project: Project,
    unit: Unit = None,
    language: Language = "it",
    bare: Bare = 0.1,
    overlap: Annotated[int, typer.Option(help="People who see the same phrase.")] = 1,
    share: Annotated[float, typer.Option(help="With --overlap: on this share of them.")] = 1.0,
    letters: Letters = None,
    pdf: Pdfs = None,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Delete older pre-labels; pull before you do.")
    ] = False,
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Hand pre-labelled phrases to the annotators; again with newer ones, nothing comes twice.

    lettera push labelled.jsonl --project Lettere --letters letters.jsonl --pdf lettere/
    """
    for name, value in (("--bare", bare), ("--share", share)):
        if not 0 <= value <= 1:
            raise BadInput(f"{name} {value}: give a share from 0 to 1")
    failures: list[str] = []
    known = some_annotations(labelled)
    pages = page_images(letters, pdf, url, workspace, failures)
    how: dict[str, Any] = {
        "unit": as_unit(unit),
        "language": as_language(language),
        "bare": bare,
        "pages": pages,
        "drop_old": drop_old,
    }
    with studio(url, workspace) as client:
        failures += push_step(client, project, known, **how)
        if pages:
            store_pages(client, project, workspace)
            say(f"  the pages of {count(len(pages), 'letter')} are shown beside them")
        if overlap > 1:
            from annotate.queue.stream import set_overlap

            shared = set_overlap(client, project, overlap, share)
            say(f"  {count(shared, 'task')} for {overlap} people each")
    Failures(failures).close()


def store_pages(client: Any, project: str, workspace: Path) -> None:
    """Lets a project show the page images: Label Studio asks for a storage that holds them."""
    from annotate.screen.pages import add_storage
    from annotate.server.settings import files_folder
    from annotate.sync.studio import named

    add_storage(client, named(client, project).id, files_folder(workspace / "labelstudio"))


@app.command()
def pull(
    project: Project,
    out: Out = Path("corrected.jsonl"),
    take_all: Annotated[
        bool, typer.Option("--all", help="Read all, not only what people touched since the last.")
    ] = False,
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Bring a file of corrections up to date with what people did.

    lettera pull --project Lettere -o corrected.jsonl
    """
    with studio(url, workspace) as client:
        pull_step(client, project, out, take_all)


@app.command()
def queue(
    labelled: Labelled,
    project: Project,
    corrected: Annotated[
        Path | None, typer.Option(help="What people did so far (workspace/corrected.jsonl).")
    ] = None,
    order: Annotated[
        str, typer.Option(help="teach, uncertain, or random (to measure the others by).")
    ] = "teach",
    seed: Annotated[int, typer.Option(help="Of the random order.")] = 0,
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Hand out first what teaches most, or in an order of yours that trainings keep to.

    lettera queue labelled.jsonl --project Lettere --order teach
    """
    from annotate.queue.chosen import Chosen, choose
    from annotate.queue.order import as_order
    from annotate.queue.stream import refresh_queue

    how = as_order(order)
    corrected = corrected or workspace / "corrected.jsonl"
    done = read_annotations(corrected) if corrected.exists() else []
    said = read_annotations(labelled)
    with studio(url, workspace) as client, bar("queueing") as progress:
        queued = refresh_queue(client, project, said, done, how, seed, progress)
    choose(workspace, project, Chosen(how, seed))
    told = (
        f", {queued.unknown:,} more are not in {labelled} and come last" if queued.unknown else ""
    )
    say(
        f"project '{project}': {count(queued.tasks, 'task')} wait in the order '{how}', "
        f"{count(len(done), 'correction')} known{told} (pre-labels: {queued.version})"
    )


def requeueing(client: Any, project: str, workspace: Path, model: Path) -> Callable[[], None]:
    """What to do after each training: hand out first what the new model doubts, or what is first
    in the order that somebody chose.

    People go on seeing what was pushed. A server that cannot be asked keeps its order, said aloud.
    """

    def requeue() -> None:
        from annotate.queue.chosen import chosen
        from annotate.queue.stream import refresh_queue
        from core.learn.tagger import Tagger

        labelled, corrected = workspace / "labelled.jsonl", workspace / "corrected.jsonl"
        if not labelled.exists():
            return
        done = read_annotations(corrected) if corrected.exists() else []
        try:
            said = read_annotations(labelled)
            tagger = Tagger.load(str(model))
            doubts = tagger.label(annotation.phrase for annotation in said)
            order = chosen(workspace, project)
            queued = refresh_queue(
                client, project, said, done, order.how, order.seed, doubts=doubts
            )
        except LetteraError as error:
            warn(f"the queue keeps its order: {error}")
            return
        first = (
            f"first what teaches {tagger.source} most"
            if order.how == "teach"
            else f"in the order '{order.how}' that was chosen"
        )
        say(f"project '{project}': {count(queued.tasks, 'task')} wait, {first}")

    return requeue
