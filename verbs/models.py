"""Models: learned, scored, measured beside the papers, used."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BadInput
from verbs.labellers import load_tagger
from verbs.options import All, Files, MaxUsd, Model
from verbs.terminal import (
    WORKSPACE,
    Failures,
    Out,
    Workspace,
    as_view,
    count,
    read_annotations,
    say,
    view_of,
    warn,
    watch,
)

if TYPE_CHECKING:
    from core.bench.asked import Ask
    from core.label import Labeller
    from core.learn.record import Record
    from core.learn.split import Split
    from core.records import Annotation
    from core.schema import Schema

app = typer.Typer()


@app.command(name="train")
def train_verb(
    corrected: Path,
    out: Out = Path("model"),
    model: Model = "emilyalsentzer/Bio_ClinicalBERT",
    head: Annotated[str | None, typer.Option(help="linear, crf or multilabel.")] = None,
    scheme: Annotated[str, typer.Option(help="bio or io.")] = "bio",
    labels: Annotated[
        str | None,
        typer.Option(help="The only ones to learn, comma-separated; or target, group or field."),
    ] = None,
    imbalance: Annotated[
        str, typer.Option(help="none, downsample, weighted, clamped or oversample.")
    ] = "none",
    split: Annotated[
        str, typer.Option(help="stratified or random; by letter always.")
    ] = "stratified",
    epochs: Annotated[int | None, typer.Option(help="The most rounds over the phrases.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Phrases a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="By itself what suits it.")] = None,
    precision: Annotated[
        str, typer.Option(help="auto (bf16 where the hardware has it), fp32 or bf16.")
    ] = "auto",
    checkpointing: Annotated[
        bool, typer.Option("--checkpointing", help="Less memory, a third more time.")
    ] = False,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            help="The last model, to go on from and to beat; by itself the one in -o; none: anew.",
        ),
    ] = None,
    report_to: Annotated[str | None, typer.Option(help="tensorboard or wandb.")] = None,
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Though a letter is learned from and scored on.")
    ] = False,
    seed: int = 0,
) -> None:
    """Learn from corrected phrases; where a model stands, the next one has to beat it.

    lettera train corrected.jsonl -o model/ --model small
    """
    from core.learn.retrain import last_model

    known, chosen = labels_chosen(read_annotations(corrected), labels)
    asked: dict[str, Any] = {"head": head, "epochs": epochs, "batch_size": batch_size}
    asked |= {"learning_rate": learning_rate, "labels": chosen}
    how: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    how |= {"scheme": scheme, "imbalance": imbalance, "split": split, "precision": precision}
    how |= {"checkpointing": checkpointing, "report_to": report_to, "allow_leaks": allow_leaks}
    how |= {"seed": seed}
    last = None if start == "none" else last_model(Path(start) if start else out)
    if start not in (None, "none") and last is None:
        raise BadInput(f"{start}: holds no model to go on from; leave --from out")
    if start is None:
        train_after(known, out, model, last, **how)
    else:
        train_step(known, out, model, last, **how)


def labels_chosen(
    known: "Sequence[Annotation]", labels: str | None
) -> "tuple[Sequence[Annotation], tuple[str, ...] | None]":
    """The annotations as a view sees them, or the labels named."""
    from core.schema import VIEWS, default_schema

    if labels in VIEWS:
        view = as_view(labels)
        return [default_schema().seen_as(annotation, view) for annotation in known], None
    return known, None if labels is None else tuple(labels.split(","))


def train_after(
    data: "Sequence[Annotation] | Split", out: Path, model: str, last: Path | None, **how: Any
) -> "Record":
    """As `train_step`; a last model that nothing could be compared on fairly is left out, aloud."""
    from core.learn.retrain import Incomparable

    try:
        return train_step(data, out, model, last, **how)
    except Incomparable as why:
        say(f"not compared with the model in {last}: {why}")
        return train_step(data, out, model, **how)


def train_step(
    data: "Sequence[Annotation] | Split",
    out: Path,
    model: str,
    last: Path | None = None,
    **how: Any,
) -> "Record":
    """Annotations, or a split of them -> a model folder, compared with the last model if any."""
    from tqdm import tqdm

    from annotate.backend.progress import report
    from core.learn.options import options_for
    from core.learn.retrain import retrain
    from core.learn.told import meanings_of, needs_an_eye, score_of, verdict
    from core.learn.train import train

    options = options_for(model, **how)
    with tqdm(desc="training", disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total, bar.n = total, done
            bar.refresh()
            report(done, total)

        if last is None:
            record = train(data, out, options, show)
        else:
            record = retrain(data, out, options, last, show)
    for name, found in record.scores.items():
        if name.startswith("test"):
            whose = name.removeprefix("test").strip() or "all"
            spans = count(found.micro.support, "span")
            say(f"{score_of(record, name)} not trained on ({whose}; {spans})")
    for line in meanings_of(record):
        say(line)
    if record.compared is not None and record.offered:
        say(verdict(record))
    say(f"learned in {record.seconds:.0f} s: {out}")
    say(f"  phrases learned from, validated and scored on: {_origins(record)}")
    if record.int8_cost is not None:
        chosen = "tags with it (a quarter of the size)" if record.quantised else "tags in fp32"
        say(f"  int8 loses {record.int8_cost:.4f} of strict F1 on the validation letters: {chosen}")
    for line in needs_an_eye(record):
        say(f"  look at: {line}")
    return record


def _origins(record: "Record") -> str:
    words = {"human": "corrected", "fictitious": "generated", "rules": "pre-labelled by rules"}
    return ", ".join(f"{n:,} {words.get(o, o)}" for o, n in record.phrases.items())


def train_lessons(
    labelled: Sequence["Annotation"], corrected: Sequence["Annotation"], out: Path, model: str
) -> None:
    """Trains on what there is: corrections, generated letters, pre-labels while those are few. The
    next model is compared with the last, where there is one."""
    from core.learn.options import options_for
    from core.learn.record import read_record
    from core.learn.retrain import last_model, stays_of
    from demo.lessons import lessons

    chosen = options_for(model).keep == "best"
    view = view_of([*labelled, *corrected])
    last = last_model(out)
    stays = None if last is None else stays_of(read_record(last), [*labelled, *corrected])
    lots, told = lessons(labelled, corrected, view, chosen=chosen, stays=stays)
    say(told)
    train_after(lots, out, model, last)


@app.command(hidden=True)
def learn(
    out: Out = Path("model"), model: Model = "small", workspace: Workspace = WORKSPACE
) -> None:
    """Learn as `up` does, from the files of the workspace. Started by the labelling backend."""
    files = [workspace / name for name in ("labelled.jsonl", "corrected.jsonl")]
    labelled, corrected = (read_annotations(f) if f.exists() else [] for f in files)
    if not (labelled or corrected):
        raise BadInput(f"{workspace}: no labelled.jsonl and no corrected.jsonl to learn from")
    train_lessons(labelled, corrected, out, model)


@app.command()
def evaluate(
    model: str,
    gold: Path,
    out: Out = Path("report"),
    against: Annotated[
        str | None, typer.Option(help="Another model: a paired test on the same phrases.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="A label to leave out of a score of its own; may be repeated."),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option(help="ADE=Reason: a score of its own with ADE seen as Reason."),
    ] = None,
) -> None:
    """Score a model against corrected phrases, with every mistake on one page.

    lettera evaluate model/ test.jsonl -o report/ --against old-model/
    """
    from core.learn.scoring.evaluation import evaluate as evaluated
    from core.learn.scoring.evaluation import mergers
    from core.learn.scoring.report import write_report

    found = evaluated(
        load_tagger(model),
        read_annotations(gold),
        gold.name,
        against=None if against is None else load_tagger(against),
        without=without or (),
        merge=mergers(merge or ()),
    )
    written = write_report(found, out)
    for warning in found.warnings:
        warn(warning)
    if found.rival is not None:
        paired = found.rival.paired
        say(
            f"against {found.rival.source}: {paired.difference:+.3f} strict F1 "
            f"({paired.low:+.3f} to {paired.high:+.3f}), p {paired.p:.4f}"
        )
    for what, meaning in found.meanings.items():
        share, asked = meaning.all.share, count(meaning.all.asked, "span")
        bounds = f"{share.low:.3f} to {share.high:.3f}"
        say(f"{what} right: {share.value:.3f} ({bounds}) of {asked} found exactly")
    strict = found.way_intervals["strict"]
    say(
        f"strict F1 {strict.value:.3f} ({strict.low:.3f} to {strict.high:.3f}) over "
        f"{count(found.scores.micro.support, 'span')}: {written}"
    )


@app.command()
def bench(
    recipe: str,
    data: Annotated[Path, typer.Option(help="The folder with the recipe's data, as you got it.")],
    out: Out = Path("bench"),
    limit: Annotated[
        int | None, typer.Option(min=3, help="Only so many letters of each part.")
    ] = None,
    system: Annotated[list[str] | None, typer.Option(help="Only these rows of the recipe.")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Encoders you have here: a folder under each one's Hub id.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs in place of the recipe's.")
    ] = None,
    seed: int = 0,
    max_usd: MaxUsd = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Train and score the systems of a paper, beside the figures it printed.

    lettera bench maccrobat --data MACCROBAT2020 --system "CNN-LSTM-CRF" -o bench/
    """
    from core.bench.recipe import read_recipe
    from core.bench.report import table, write_report
    from core.bench.run import Bench, run

    how = Bench(
        out=out,
        limit=limit,
        systems=tuple(system or ()),
        overrides={} if epochs is None else {"epochs": epochs},
        weights=weights,
        ask=asked_by(workspace, max_usd) if os.environ.get("TOGETHER_API_KEY") else None,
        seed=seed,
    )
    result = run(read_recipe(recipe), data, how, bar_of)
    for row in table(result):
        say("  ".join(row))
    missing = sum(not row.ran for row in result.rows)
    more = f", {count(missing, 'row')} not run (the page says why)" if missing else ""
    say(
        f"{count(len(result.rows) - missing, 'row')} of {recipe}{more}: {write_report(result, out)}"
    )


def bar_of(what: str) -> "Callable[[int, int], None]":
    """A bar for what begins; it goes when its last step is done."""
    from tqdm import tqdm

    bar = tqdm(desc=what, disable=None, leave=False)

    def show(done: int, total: int) -> None:
        bar.total, bar.n = total, done
        bar.refresh()
        if done == total:
            bar.close()

    return show


def asked_by(workspace: Path, max_usd: float | None) -> "Ask":
    """Who asks a recipe's language model: five examples near each note, under the ledger."""
    from core.label.asking import Asking
    from core.label.together import Together

    def ask(model: str, schema: "Schema", pool: "Sequence[Annotation]") -> "Labeller":
        how = Asking(model=model, format="spans", examples=5, max_usd=max_usd, language="en")
        key = os.environ["TOGETHER_API_KEY"]
        ledger = workspace / "ledger.db"
        address = os.environ.get("TOGETHER_BASE_URL")
        return Together(
            "field", how, api_key=key, base_url=address, ledger=ledger, pool=pool, schema=schema
        )

    return ask


@app.command()
def tag(model: str, files: Files, out: Out = Path("spans.jsonl"), take_all: All = False) -> None:
    """Let a trained model find the spans in files.

    lettera tag model/ lettere/ -o spans.jsonl
    """
    from core.jsonl import write_records
    from core.steps import tag_files

    tagger = load_tagger(model)
    found, failures = tag_files(files, tagger, take_all, watch)
    write_records(out, found)
    spans = sum(len(annotation.spans) for annotation in found)
    counts = f"{count(len(found), 'phrase')}, {count(spans, 'span')}"
    say(f"{counts} by {tagger.source} ({tagger.form}): {out}")
    Failures(failures).close()
