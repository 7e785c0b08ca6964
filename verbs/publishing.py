"""What goes online: a model, the demo as a Space, and how both are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from verbs.options import DryRun, Force
from verbs.terminal import (
    WORKSPACE,
    Failures,
    Workspace,
    count,
    say,
    stopping_on_sigterm,
    wait,
    warn,
)

if TYPE_CHECKING:
    from core.publish.identity import Identities
    from core.publish.plan import Plan

publish = typer.Typer(help="Put a model or the demo on the Hugging Face Hub.", no_args_is_help=True)
ROOT = Path(__file__).parent.parent
FOLDERS = (ROOT / "core", ROOT / "demo")
TRAINED_ON = ("corrected.jsonl", "labelled.jsonl", "letters.jsonl")

Letters = Annotated[
    list[Path] | None,
    typer.Option(
        help="What the model learned from: its patients' names are searched for in every file; by "
        "itself corrected.jsonl, labelled.jsonl and letters.jsonl of the workspace."
    ),
]
Private = Annotated[bool, typer.Option("--private", help="Seen by its owner only.")]


@publish.command(name="model")
def publish_model_verb(
    folder: Annotated[
        Path, typer.Argument(help="A folder that lettera train wrote.", metavar="FOLDER")
    ],
    to: Annotated[str, typer.Option(help="owner/name on the Hub.")],
    letters: Letters = None,
    licence: Annotated[str, typer.Option("--license", help="Of the model's files.")] = "apache-2.0",
    private: Private = False,
    dry_run: DryRun = False,
    force: Force = False,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Put a trained model online.

    lettera publish model model/ --to owner/name --dry-run
    """
    from core.publish.model import publish_model

    known = patients(letters, workspace)
    plan = publish_model(
        folder,
        to,
        known=known,
        token=os.environ.get("HF_TOKEN"),
        dry_run=dry_run,
        force=force,
        private=private,
        licence=licence,
        examples=invented_examples(folder),
        tell=warn,
    )
    tell_plan(plan, dry_run, workspace)
    of = count(len(known.letters), "letter")
    say(
        f"searched every file for {len(known):,} names, numbers and dates of the patients of {of}: "
        "none found"
    )


@publish.command(name="space")
def publish_space_verb(
    to: Annotated[str, typer.Option(help="owner/name of the Space on the Hub.")],
    model: Annotated[str | None, typer.Option(help="Hub id, or a folder to copy in.")] = None,
    letters: Letters = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME: its value is taken from the environment; nobody can read it back."
        ),
    ] = None,
    variable: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, for all to see.")] = None,
    private: Private = False,
    dry_run: DryRun = False,
    force: Force = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Leave while it is still being built.")
    ] = False,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Put the demo online, and wait until it answers.

    lettera publish space --to owner/name --model owner/model --dry-run
    """
    from core.publish.hub import client
    from core.publish.running import ask, wait_until_running
    from core.publish.space import PAID, publish_space

    say(f"before it starts: {PAID}")
    token = os.environ.get("HF_TOKEN")
    known = patients(letters, workspace) if model is not None and Path(model).is_dir() else None
    plan = publish_space(
        to,
        ROOT / "spaces",
        FOLDERS,
        ROOT / "pyproject.toml",
        model,
        known=known,
        token=token,
        dry_run=dry_run,
        force=force,
        private=private,
        variables=dict(_pair(said) for said in variable or ()),
        secrets={name: _secret(name) for name in secret or ()},
        tell=warn,
    )
    tell_plan(plan, dry_run, workspace)
    if dry_run or no_wait:
        return
    say("waiting for the Hub to build it (minutes):")
    address = wait_until_running(client(token), to, plan.revision, say)
    say(f"it runs and answers in {ask(address, token):.1f} s: {address}")


@publish.command()
def status(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAMES", help="owner/name, of a Space space:owner/name; by itself all."
        ),
    ] = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """What is online, in which version, and does it answer.

    lettera publish status
    """
    from core.publish.hub import client
    from core.publish.online import look, remembered

    known = [(str(row["kind"]), str(row["repo"])) for row in remembered(workspace).values()]
    named = [_named(name) for name in names or ()]
    if not (named or known):
        raise BadInput(f"{workspace}: nothing was published from here; give owner/name")
    ill = []
    for online in look(client(os.environ.get("HF_TOKEN")), named or known):
        say(f"{online.kind} {online.repo}: {'; '.join(online.told)}")
        ill += [] if online.well else [f"{online.kind} {online.repo} is not well"]
    Failures(ill).close()


def patients(letters: list[Path] | None, workspace: Path) -> "Identities":
    """Who must not be found in what goes online: of the files given, or of the workspace."""
    from core.files import reading
    from core.jsonl import read_records
    from core.publish.identity import identities
    from core.records import Annotation, Letter

    paths = letters or [path for name in TRAINED_ON if (path := workspace / name).exists()]
    annotations: list[Annotation] = []
    documents: list[Letter] = []
    for path in paths:
        with reading(path), path.open("rb") as file:
            whole = b'"pages"' in file.readline()
        if whole:
            documents += read_records(path, Letter)
        else:
            annotations += read_records(path, Annotation)
    return identities(annotations, documents)


def invented_examples(folder: Path) -> dict[str, str]:
    """For each label of a model a stretch of an invented letter; of who a patient is, none."""
    from core.learn.record import read_record
    from core.schema import default_schema, is_own
    from demo.fictitious import corpus, voices

    schema, wanted = default_schema(), set(read_record(folder).labels)
    if is_own():
        return {}
    found: dict[str, str] = {}
    for annotation in corpus(sorted(voices()), 2):
        for span in annotation.spans:
            field = schema.fields.get(span.field or span.label)
            if field is None or field.group == "identity":
                continue
            for label in {field.name, field.group} & wanted:
                found.setdefault(label, " ".join(span.text.replace("|", "/").split())[:60])
    return found


def _named(name: str) -> tuple[str, str]:
    kind, _, repo = name.rpartition(":")
    if kind not in ("", "model", "space"):
        raise BadInput(f"{name}: write owner/name, or space:owner/name")
    return kind or "model", repo


def _pair(said: str) -> tuple[str, str]:
    name, sign, value = said.partition("=")
    if not (name and sign):
        raise BadInput(f"--variable {said}: write it as NAME=VALUE")
    return name, value


def _secret(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise BadInput(f"--secret {name}: {name} is not set here; put its value there first")
    return value


def tell_plan(plan: "Plan", dry_run: bool, workspace: Path) -> None:
    from core.publish.online import remember

    for file in plan.files:
        say(f"{file.size:>12,}  {file.name}")
    what = f"{plan.kind} {plan.repo}: {count(len(plan.files), 'file')}, {plan.size / 1e6:.1f} MB"
    if dry_run:
        say(f"{what}, nothing was sent (dry run)")
        return
    say(f"{what}, online at {plan.url}{f' as version {plan.tag}' if plan.tag else ''}")
    remember(workspace, plan)


@contextmanager
def like_space(model: str | None, port: int, workspace: Path) -> Iterator[str]:
    """The Space's folder on this machine, in an environment of its own; its address."""
    from core.files import private_folder
    from core.publish.folder import assemble_space
    from core.publish.local import environment, running
    from core.publish.space import VARIABLE

    home = private_folder(workspace) / "space"
    folder = assemble_space(
        fresh(home / "folder"), ROOT / "spaces", FOLDERS, ROOT / "pyproject.toml", model
    )
    say(f"the Space's folder: {folder}")
    say("its environment, from its requirements alone (the first time minutes):")
    python = environment(folder, home)
    say(f"  {python}")
    on_hub = model is not None and not Path(model).is_dir()
    variables = {VARIABLE: str(model)} if on_hub else {}
    with running(folder, python, port, variables) as address:
        yield address


def fresh(folder: Path) -> Path:
    """An empty folder in place of what stood there."""
    import shutil

    from core.files import private_folder

    shutil.rmtree(folder, ignore_errors=True)
    return private_folder(folder)


def open_like_space(model: str | None, port: int, workspace: Path) -> None:
    """`lettera demo --like-space`."""
    with stopping_on_sigterm(), like_space(model, port, workspace) as address:
        say(f"the demo:    {address}")
        wait("\nCtrl-C stops it.")
