"""Models: learned, scored, measured beside the papers, used."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BadInput
from verbs.engines import LOCAL, Engine, on_ray, one_for_all
from verbs.engines import run as run_on_ray
from verbs.labellers import load_tagger
from verbs.options import All, Corrections, Files, Gold, MaxUsd, Model, Seed, Trained
from verbs.terminal import (
    WORKSPACE,
    Failures,
    Out,
    OutFolder,
    Workspace,
    count,
    read_annotations,
    say,
    warn,
    watch,
)
from verbs.training import labels_chosen, stored, train_after, train_lessons, train_step

if TYPE_CHECKING:
    from core.bench.asked import Ask
    from core.label import Labeller
    from core.records import Annotation
    from core.schema import Schema

app = typer.Typer()


@app.command(name="train")
def train_verb(
    corrected: Corrections,
    out: OutFolder = Path("model"),
    model: Model = "emilyalsentzer/Bio_ClinicalBERT",
    head: Annotated[
        str | None,
        typer.Option(
            help="What stands on a network: linear, crf or multilabel (spans may overlap)."
        ),
    ] = None,
    scheme: Annotated[str, typer.Option(help="Tags of the words: bio or io.")] = "bio",
    labels: Annotated[
        str | None,
        typer.Option(help="The only ones to learn, comma-separated; or target, group or field."),
    ] = None,
    imbalance: Annotated[
        str,
        typer.Option(
            help="What rare labels gain: none, downsample, weighted, clamped or oversample."
        ),
    ] = "none",
    split: Annotated[
        str,
        typer.Option(
            help="How letters are set aside for the score: stratified (each label on both sides) "
            "or random."
        ),
    ] = "stratified",
    epochs: Annotated[int | None, typer.Option(help="The most rounds over the phrases.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Phrases a step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="By itself what suits the model.")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="auto (bf16 where the hardware has it), fp32 or bf16.")
    ] = "auto",
    checkpointing: Annotated[
        bool, typer.Option("--checkpointing", help="Train with less memory, in a third more time.")
    ] = False,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            help="The last model, to go on from and to beat; by itself the one in -o; none: anew.",
        ),
    ] = None,
    report_to: Annotated[
        str | None, typer.Option(help="Draw the course of it, too: tensorboard or wandb.")
    ] = None,
    allow_leaks: Annotated[
        bool,
        typer.Option("--allow-leaks", help="Train though a letter is learned from and scored on."),
    ] = False,
    seed: Seed = 0,
) -> None:
    """Learn from corrected phrases; where a model stands, the next one has to beat it.

    lettera train corrected.jsonl -o model/ --model small
    """
    from core.learn.retrain import last_model

    view, chosen = labels_chosen(labels)
    known = stored(corrected, out, view)
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


@app.command(hidden=True)
def learn(
    out: Out = Path("model"), model: Model = "small", workspace: Workspace = WORKSPACE
) -> None:
    """Learn as `up` does, from the files of the workspace. Started by the labelling backend."""
    files = [workspace / name for name in ("labelled.jsonl", "corrected.jsonl")]
    labelled, corrected = (stored(f, out) if f.exists() else () for f in files)
    if not (labelled or corrected):
        raise BadInput(f"{workspace}: no labelled.jsonl and no corrected.jsonl to learn from")
    train_lessons(labelled, corrected, out, model)


@app.command()
def evaluate(
    model: Trained,
    gold: Gold,
    out: OutFolder = Path("report"),
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
    recipe: Annotated[
        str,
        typer.Argument(
            help="One of core/learn/recipes (maccrobat, say), or a TOML file like them.",
            metavar="RECIPE",
        ),
    ],
    data: Annotated[Path, typer.Option(help="The folder with the recipe's data, as you got it.")],
    out: OutFolder = Path("bench"),
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
    seed: Seed = 0,
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
def tag(
    model: Trained,
    files: Files,
    out: Out = Path("spans.jsonl"),
    take_all: All = False,
    engine: Engine = LOCAL,
) -> None:
    """Let a trained model find the spans in files.

    lettera tag model/ lettere/ -o spans.jsonl
    """
    from core.steps import tag_files

    tagger = load_tagger(model)
    if on_ray(engine):
        from core.cluster.jobs import Label

        job = Label(one_for_all(model), tagger.source, None, take_all)
        report = run_on_ray(job, files, out, "tagging")
    else:
        report = tag_files(files, out, tagger, take_all, watch)
    counts = f"{count(report.phrases, 'phrase')}, {count(report.spans, 'span')}"
    say(f"{counts} by {tagger.source} ({tagger.form}): {out}")
    Failures(report.failures).close()
