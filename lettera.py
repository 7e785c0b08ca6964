"""The front door: the verbs of the command line.

Each verb reads files, calls one step, and prints one sentence with the path it wrote. Imports stand
inside the verbs, so that `lettera --help` is instant.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from annotate.terminal import (
    HOST,
    WORKSPACE,
    Failures,
    Out,
    Workspace,
    as_view,
    check_port,
    count,
    read_annotations,
    say,
    stopping_on_sigterm,
    view_of,
    wait,
    warn,
    watch,
)
from annotate.verbs import people, quality, serving, tasks
from annotate.verbs.serving import BackendPort, learn_command
from annotate.verbs.tasks import page_images, pull_step, push_step, store_pages
from core.errors import BadInput, LetteraError, UnknownName
from core.schema import FIELDS, read_schema

if TYPE_CHECKING:
    from annotate.server.server import LabelStudioServer
    from core.bench.asked import Ask
    from core.label import Labeller
    from core.label.asking import Asking
    from core.label.hosted.estimate import Estimate
    from core.label.together import Together
    from core.learn.record import Record
    from core.learn.split import Split
    from core.learn.tagger import Tagger
    from core.publish.plan import Plan
    from core.records import Annotation
    from core.schema import Schema, View
    from core.steps import Extraction, Labelling, Reading

HERE = Path(__file__).parent
EXAMPLES = HERE / "demo" / "examples"
NO_TLS = (
    "Label Studio is open to the network without TLS: passwords and letters can be read on the "
    "way; put a proxy before it (annotate/keeping/proxy/nginx.conf) and give its --address"
)

PANELS = {
    "The whole loop": "up status",
    "Letters and pre-labels": "read label shield ledger compare-labellers sift convert",
    "Annotators": "push pull review queue serve annotators backup restore forget",
    "What people said": "agree adjudicate suspects report",
    "Models": "train evaluate bench tag demo publish",
    "The spreadsheet": "extract corrections compare",
}


class Verbs(TyperGroup):
    """The verbs in the order of the work; `--fields FILE` may stand before or behind any."""

    def list_commands(self, ctx: Any) -> list[str]:
        known = super().list_commands(ctx)
        told = [name for names in PANELS.values() for name in names.split()]
        return sorted(known, key=lambda name: told.index(name) if name in told else len(told))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        verb = super().get_command(ctx, cmd_name)
        for panel, names in PANELS.items():
            if verb is not None and cmd_name in names.split():
                verb.rich_help_panel = panel  # type: ignore[attr-defined]
        return verb

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known, rest = OWN_FIELDS.parse_known_args(args)
        return super().parse_args(ctx, ["--fields", known.fields, *rest] if known.fields else rest)


OWN_FIELDS = ArgumentParser(add_help=False, allow_abbrev=False)
OWN_FIELDS.add_argument("--fields")

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def chosen_fields(
    fields: Annotated[
        Path | None,
        typer.Option(
            envvar=FIELDS,
            metavar="FILE",
            help="Your own fields in place of the 74, in a table like core/fields.toml.",
        ),
    ] = None,
) -> None:
    """Discharge letters in, a clinical model that its people trust out."""
    if fields is not None:
        read_schema(fields)
        os.environ[FIELDS] = str(fields.absolute())  # for the programs that a verb starts, too


publish = typer.Typer(help="Put a model or the demo on the Hugging Face Hub.", no_args_is_help=True)
app.add_typer(publish, name="publish")
for annotators_half in (tasks, serving, quality, people):
    app.add_typer(annotators_half.app)

Files = Annotated[list[str], typer.Argument(help="Files, folders or globs.", metavar="FILES...")]
All = Annotated[bool, typer.Option("--all", help="Documents that are no discharge letters too.")]
Reader = Annotated[str, typer.Option(help="auto, text, marker or tesseract.")]
By = Annotated[
    str | None,
    typer.Option(
        help="rules, together, or a model (folder or Hub id); by itself together where "
        "TOGETHER_API_KEY is set, else rules."
    ),
]
Labels = Annotated[str, typer.Option(help="target (one), group (ten) or field (one a field).")]
Language = Annotated[str, typer.Option(help="Of the prompt: it or en.")]
Shield = Annotated[str, typer.Option(help="auto (on unless the address is loopback), on, or off.")]
MaxUsd = Annotated[
    float | None, typer.Option(help="Stop before this run costs more, at list price.")
]
Model = Annotated[
    str,
    typer.Option(
        help="small (a feature CRF, seconds), windows, transformer or cnn-bilstm-crf (networks "
        "from scratch), a Hub id, or a folder."
    ),
]
DemoPort = Annotated[int, typer.Option(help="Where the demo listens.")]
Force = Annotated[
    bool, typer.Option("--force", help="Though it was not shown to be better than the last.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List every file, send nothing.")]
Once = Annotated[bool, typer.Option("--once", help="Stop the servers and end when all is up.")]


def tell_reading(report: "Reading", out: Path) -> Failures:
    away = report.turned_away
    told = f", {away} turned away (no discharge letters; --all takes them)" if away else ""
    say(f"read {count(report.letters, 'letter')}{told}: {out}")
    return Failures(report.failures)


def tell_labelling(report: "Labelling", labeller: "Labeller", out: Path) -> Failures:
    told = f", {count(report.missing, 'quote')} not found (`missing`)" if report.missing else ""
    if report.remarked:
        told += f", {count(report.remarked, 'phrase')} without a whole answer (`comment`)"
    spans = count(report.spans, "span")
    say(f"{count(report.phrases, 'phrase')}, {spans} by {labeller.source}{told}: {out}")
    tell_account(labeller)
    return Failures([report.stopped] if report.stopped else [])


def tell_account(labeller: Any) -> None:
    """What a hosted labeller's run asked, paid and lost; nothing to say of the others."""
    usage, losses = getattr(labeller, "usage", None), getattr(labeller, "losses", None)
    if usage is None or losses is None:
        return
    say(
        f"  {count(usage.calls, 'call')}, {usage.reused:,} answers not paid again, "
        f"{usage.tokens_in:,} tokens in, {usage.tokens_out:,} out, US $ {usage.usd:.4f}"
    )
    lost = {
        "phrases without a usable answer": losses.unusable,
        "answered in part": losses.partly,
        "quotes not found": losses.missing,
        "names that are no field": losses.strangers,
        "values of the wrong type": losses.mistyped,
        "spans outvoted": losses.outvoted,
        "questions halved": losses.halved,
    }
    if told := ", ".join(f"{number:,} {what}" for what, number in lost.items() if number):
        say(f"  of this run: {told}")
    for note in labeller.notes:
        say(f"  {note}")


def make_labeller(
    by: str | None,
    view: "View",
    workspace: Path,
    how: "Asking | None" = None,
    corrected: Path | None = None,
) -> "Labeller":
    """The labeller of a name, a model folder or a Hub id; says aloud what it chose by itself."""
    from core.label import LABELLERS

    if by is None:
        by = "together" if os.environ.get("TOGETHER_API_KEY") else "rules"
        if by == "rules":
            say("labelling by rules: no TOGETHER_API_KEY is set (--by together asks a model)")
    if by == "rules":
        rules: Labeller = LABELLERS.get(by)()
        return rules
    if by == "together":
        return hosted_labeller(view, workspace, how, corrected)
    if "/" in by or Path(by).exists():
        return load_tagger(by)
    raise UnknownName(
        f"no labeller or model named '{by}'; choose rules, together or a model folder"
    )


def hosted_labeller(
    view: "View",
    workspace: Path,
    how: "Asking | None",
    corrected: Path | None = None,
    rules: "Labeller | None" = None,
    finder: "Labeller | None" = None,
) -> "Together":
    """A language model behind the address of the environment, with the workspace's ledger.

    `rules` are made where none are given; they take a second. `finder`: whose spans are all that
    the model is asked about (the format hybrid).
    """
    from core.label import LABELLERS
    from core.label.asking import Asking
    from core.label.shield.shield import is_loopback
    from core.label.together import Together

    how = how or Asking()
    corrected = corrected or workspace / "corrected.jsonl"
    address = os.environ.get("TOGETHER_BASE_URL")
    if how.shield == "off" and not is_loopback(address or ""):
        warn("the shield is off: names, numbers and dates of patients leave this machine")
    return Together(
        view,
        how,
        api_key=os.environ.get("TOGETHER_API_KEY"),
        base_url=address,
        ledger=workspace / "ledger.db",
        identity=rules or LABELLERS.get("rules")(),
        finder=finder,
        pool=read_annotations(corrected) if how.examples else (),
        prices=workspace / "models.toml",
    )


def load_tagger(model: str) -> "Tagger":
    from core.learn.tagger import Tagger

    return Tagger.load(model)


# --- verbs -------------------------------------------------------------------------------------


@app.command()
def read(
    files: Files, out: Out = Path("letters.jsonl"), reader: Reader = "auto", take_all: All = False
) -> None:
    """Read PDFs, scans and texts into letters.jsonl.

    lettera read lettere/ -o letters.jsonl
    """
    from core.steps import read_letters

    tell_reading(read_letters(files, out, reader, take_all, watch), out).close()


@app.command()
def label(
    letters: Path,
    out: Out = Path("labelled.jsonl"),
    by: By = None,
    model: Annotated[
        str | None,
        typer.Option(help="The language model; the list is core/label/hosted/models.toml."),
    ] = None,
    format: Annotated[str, typer.Option(help="iob, inline, spans or fields.")] = "iob",
    labels: Labels = "field",
    language: Language = "it",
    examples: Annotated[
        int, typer.Option(help="Corrected phrases to show with each question.")
    ] = 0,
    corrected: Annotated[
        Path | None, typer.Option(help="Where the examples come from (workspace/corrected.jsonl).")
    ] = None,
    votes: Annotated[
        str, typer.Option(help="Samples of each answer (3), or formats (iob,inline,spans).")
    ] = "1",
    batch: Annotated[int, typer.Option(help="Phrases of a letter in one call.")] = 1,
    batch_api: Annotated[
        bool, typer.Option("--batch-api", help="Ask at half price, within a day.")
    ] = False,
    shield: Shield = "auto",
    max_usd: MaxUsd = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost; ask nothing.")
    ] = False,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Pre-label the phrases of letters.jsonl.

    lettera label letters.jsonl -o labelled.jsonl --by together --format spans --dry-run
    """
    from core.label.asking import Asking
    from core.steps import label_letters, phrases_in

    view = as_view(labels)
    how = Asking(
        model=model,
        format=format,
        language=language,
        examples=examples,
        votes=votes,
        batch=batch,
        batch_api=batch_api,
        shield=shield,
        max_usd=max_usd,
    )
    labeller = make_labeller(by, view, workspace, how, corrected)
    if dry_run:
        if not hasattr(labeller, "estimate"):
            raise BadInput(f"{labeller.source} costs nothing; --dry-run is for --by together")
        tell_estimate(labeller.estimate(phrases_in(letters)), labeller.source, workspace)
        return
    report = label_letters(letters, out, labeller, view, watch)
    tell_labelling(report, labeller, out).close()


def tell_estimate(told: "Estimate", source: str, workspace: Path) -> None:
    """What asking a hosted model would take."""
    from core.label.hosted.models import price_list

    checked = price_list(workspace / "models.toml").checked
    money = "at an unknown price" if told.usd is None else f"about US $ {told.usd:.2f}"
    say(
        f"dry run, nothing was sent: {count(told.calls, 'call')} by {source}, "
        f"{told.reused:,} answers are there already, about {told.tokens_in:,} tokens in and "
        f"{told.tokens_out:,} out, {money} (list price of {checked})"
    )


@app.command()
def sift(
    labelled: Path,
    out: Out = Path("sifted.jsonl"),
    keep_empty: Annotated[
        bool, typer.Option("--keep-empty", help="Keep phrases without a span.")
    ] = False,
    keep_one_word: Annotated[
        bool, typer.Option("--keep-one-word", help="Keep phrases with one labelled word.")
    ] = False,
    shortest: Annotated[int, typer.Option(help="Leave out what has fewer characters.")] = 15,
    report: Annotated[Path, typer.Option(help="Where the counts and lengths go.")] = Path("report"),
) -> None:
    """Leave out phrases that teach little, as the paper did, with the counts before and after.

    lettera sift labelled.jsonl -o sifted.jsonl --report report/
    """
    from core.learn.sift import Rules
    from core.steps import sift_file

    sieve = sift_file(labelled, out, Rules(not keep_empty, not keep_one_word, shortest), report)
    for name, tally in (("before", sieve.before), ("after", sieve.after)):
        tags = ", ".join(f"{tag} {tally.tags[tag]:,}" for tag in "BIO")
        say(f"{name:>7}: {count(tally.phrases, 'phrase')}; words {tags}")
    told = ", ".join(f"{number:,} with {why}" for why, number in sieve.dropped.items())
    say(f"left out {told or 'nothing'}: {out}, {report}")


@app.command()
def convert(
    source: Path,
    target: Path,
    from_: Annotated[
        str | None, typer.Option("--from", help="Format of the source, where its name is silent.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="jsonl, conll, spacy, parquet or brat; by the name else.")
    ] = None,
) -> None:
    """Take corrected phrases elsewhere, or bring in somebody else's.

    lettera convert corrected.jsonl corrected.conll
    """
    from core.convert import convert as converted

    report = converted(source, target, from_, to)
    say(report.sentence)
    Failures(report.refused).close()


@app.command()
def ledger(
    export: Annotated[
        Path | None, typer.Option(help="Write all calls and answers there (they hold letters).")
    ] = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """What hosted models were asked, and what it cost.

    lettera ledger
    """
    from core.label.hosted.account import account, table
    from core.label.hosted.account import export as write
    from core.label.hosted.ledger import Ledger
    from core.label.hosted.models import price_list

    path = workspace / "ledger.db"
    if not path.exists():
        say(f"no hosted model was asked from {workspace}")
        return
    prices = price_list(workspace / "models.toml")
    with Ledger(path) as opened:
        say(table(account(opened, prices)))
        say(f"US dollars at the list price of the day of each call: {path}")
        if export is not None:
            say(f"{count(write(opened, export), 'line')}, letters' words in them: {export}")


@app.command()
def shield(
    files: Files, out: Out = Path("shielded.jsonl"), workspace: Workspace = WORKSPACE
) -> None:
    """Show what a hosted model would be sent of each letter.

    lettera shield letters/ -o shielded.jsonl
    """
    from core.label import LABELLERS
    from core.label.hosted.ledger import Ledger
    from core.steps import shield_files

    with Ledger(workspace / "ledger.db") as opened:
        secret = opened.secret()
    way_back = workspace / "shield.jsonl"
    rules = LABELLERS.get("rules")()
    shown = shield_files(files, out, way_back, rules, secret, watch)
    say(f"{count(shown.phrases, 'phrase')}, {shown.stand_ins:,} stand-ins: {out}")
    say(f"  which stands for what: {way_back} (never leaves this machine)")
    Failures(shown.failures).close()


@app.command(name="compare-labellers")
def compare_labellers(
    gold: Path,
    entries: Annotated[
        list[str],
        typer.Option("--with", help="rules, a model folder, together:MODEL:FORMAT, or paper."),
    ],
    out: Out = Path("report"),
    examples: Annotated[int, typer.Option(help="Gold phrases of other letters to show.")] = 0,
    batch: Annotated[int, typer.Option(help="Phrases of a letter in one call.")] = 1,
    shield: Shield = "auto",
    max_usd: MaxUsd = None,
    language: Language = "it",
    workspace: Workspace = WORKSPACE,
) -> None:
    """Which labeller is worth its money, on phrases people have corrected.

    lettera compare-labellers gold.jsonl --with rules --with together::iob --with together::spans
    """
    from core.label.asking import Asking
    from core.schema import default_schema
    from core.tournament.compete import Entry, compete
    from core.tournament.report import table, write_report

    known = read_annotations(gold)
    view = view_of(known)
    common = Asking(
        examples=examples, batch=batch, shield=shield, max_usd=max_usd, language=language
    )
    named = [name for entry in entries for name in entrants(entry, workspace)]
    field = [Entry(name, entrant(name, view, workspace, common, gold)) for name in named]
    results = compete(field, known, default_schema(), view, workspace / "ledger.db", watch)
    rows = table(results)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    say(
        f"{count(len(results), 'labeller')} on {count(results[0].phrases, 'phrase')}: "
        f"{write_report(results, gold.name, out)}"
    )


def entrants(entry: str, workspace: Path) -> list[str]:
    """The names behind one: `paper` is every model that stands for one of the paper's."""
    from core.label.hosted.models import price_list

    if entry != "paper":
        return [entry]
    models = price_list(workspace / "models.toml").models.values()
    return [f"together:{model.id}:iob" for model in models if model.stands_for]


def entrant(name: str, view: "View", workspace: Path, common: "Asking", gold: Path) -> "Labeller":
    """The labeller of `together:MODEL:FORMAT` (both may be left out), or of any other name."""
    from dataclasses import replace

    service, _, rest = name.partition(":")
    if service != "together":
        return make_labeller(name, view, workspace)
    model, _, form = rest.rpartition(":") if ":" in rest else (rest, "", "")
    how = replace(common, model=model or None, format=form or "iob")
    return hosted_labeller(view, workspace, how, gold)


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
    say(f"{count(len(found), 'phrase')}, {count(spans, 'span')} by {tagger.source}: {out}")
    Failures(failures).close()


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
    from core.learn.told import needs_an_eye, score_of
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
    from core.learn.retrain import Incomparable, last_model

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
    try:
        train_step(known, out, model, last, **how)
    except Incomparable as why:
        if start is not None:
            raise
        say(f"not compared with the model in {out}: {why}")
        train_step(known, out, model, **how)


def labels_chosen(
    known: "Sequence[Annotation]", labels: str | None
) -> "tuple[Sequence[Annotation], tuple[str, ...] | None]":
    """The annotations as a view sees them, or the labels named."""
    from core.schema import VIEWS, default_schema

    if labels in VIEWS:
        view = as_view(labels)
        return [default_schema().seen_as(annotation, view) for annotation in known], None
    return known, None if labels is None else tuple(labels.split(","))


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
def extract(
    files: Files,
    out: Out = Path("out.xlsx"),
    by: Annotated[
        str,
        typer.Option(
            help="local (rules, and a model's spans), llm (a hosted model reads all), or hybrid "
            "(a tagger finds, a hosted model says what it is)."
        ),
    ] = "local",
    model: Annotated[
        str | None, typer.Option(help="local: folder or Hub id; llm, hybrid: the language model.")
    ] = None,
    tagger: Annotated[
        str | None, typer.Option(help="hybrid: who finds, a folder or Hub id (else rules).")
    ] = None,
    language: Language = "it",
    examples: Annotated[
        int, typer.Option(help="Corrected phrases to show with each question.")
    ] = 0,
    corrected: Annotated[
        Path | None, typer.Option(help="Where the examples come from (workspace/corrected.jsonl).")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Questions in flight at once.")] = 64,
    shield: Shield = "auto",
    max_usd: MaxUsd = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost; ask nothing.")
    ] = False,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Fill the 74 fields of each letter, each value with the words that say it.

    lettera extract lettere/ -o campi.xlsx --by hybrid --tagger workspace/model --dry-run
    """
    from core.extract.asked import asking
    from core.extract.asked.extractor import Asked
    from core.extract.sheet import check_sheet, write_sheet
    from core.extract.ways import Local
    from core.label import LABELLERS
    from core.steps import extract_files, files_as_letters

    if by not in ("local", "llm", "hybrid"):
        raise UnknownName(f"no way named '{by}' to extract; choose local, llm or hybrid")
    if tagger and by != "hybrid":
        raise BadInput(f"--tagger is for --by hybrid; with --by {by} a model is --model")
    if dry_run and by == "local":
        raise BadInput("--by local costs nothing; --dry-run is for --by llm and hybrid")
    check_sheet(out)
    extractor: Local | Asked
    rules: Labeller = LABELLERS.get("rules")()
    if by == "local":
        extractor = Local([rules, *([load_tagger(model)] if model else [])])
    else:
        finder: Labeller | None = None
        if by == "hybrid":
            finder = load_tagger(tagger) if tagger else rules
            if not tagger:
                say("rules find what the model is asked about (--tagger MODEL: a trained one)")
        how = asking(
            by,
            model=model,
            language=language,
            examples=examples,
            concurrency=concurrency,
            shield=shield,
            max_usd=max_usd,
        )
        extractor = Asked(hosted_labeller("field", workspace, how, corrected, rules, finder))
        if dry_run:
            failed: list[str] = []
            letters = files_as_letters(files, failed, "reading", watch)
            tell_estimate(extractor.estimate(letters), extractor.source, workspace)
            Failures(failed).close()
            return
    report = extract_files(files, extractor, watch)
    written = write_sheet(out, report.results)
    for note in written.notes if written else ():
        say(f"  {note}")
    tell_extraction(report, extractor, out)
    Failures([*report.failures, *([report.stopped] if report.stopped else [])]).close()


def tell_extraction(report: "Extraction", extractor: Any, out: Path) -> None:
    filled = sum(len(result.fields) for result in report.results)
    doubts = sum(len(result.doubts) for result in report.results)
    away = sum(not result.discharge_letter for result in report.results)
    told = f", {count(doubts, 'doubt')} to look at" if doubts else ""
    told += f", {away} turned away (no discharge letters)" if away else ""
    letters = count(len(report.results) - away, "letter")
    say(f"{letters}, {count(filled, 'value')} by {extractor.source}{told}: {out}")
    refused = getattr(extractor, "refused", None)
    if refused is None:
        return
    usage = extractor.usage
    say(
        f"  {count(usage.calls, 'call')}, {usage.reused:,} answers not paid again, "
        f"{usage.tokens_in:,} tokens in, {usage.tokens_out:,} out, US $ {usage.usd:.4f}"
    )
    lost = {
        "without evidence in the letter": refused.evidence,
        "of the wrong type": refused.type,
        "under a name that is no field": refused.unknown,
    }
    if said := ", ".join(f"{number:,} {what}" for what, number in lost.items() if number):
        say(f"  refused: {said}")
    if extractor.unanswered:
        say(
            f"  {count(extractor.unanswered, 'letter')} with questions that have no usable answer"
            " (`unanswered`): an empty cell there may be said in the letter"
        )
    for note in extractor.notes:
        say(f"  {note}")


@app.command()
def compare(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON files of extract's, one a system.", metavar="FILES..."),
    ],
    out: Out = Path("report"),
    gold: Annotated[
        Path | None, typer.Option(help="What the letters say: extract's JSON, or lines of it.")
    ] = None,
    letters: Annotated[
        Path | None, typer.Option(help="letters.jsonl: whether the quotes stand in the letters.")
    ] = None,
    encoder: Annotated[
        Path | None, typer.Option(help="Folder of a transformer for the texts; TF-IDF without.")
    ] = None,
    letter: Annotated[
        str | None, typer.Option(help="The letter shown side by side; the most disputed without.")
    ] = None,
) -> None:
    """Compare what several systems extracted from the same letters, as the paper does.

    lettera compare local.json llm.json hybrid.json --gold gold.json -o report/
    """
    from core.extract.compare.compare import compare as compared
    from core.extract.compare.compare import write_comparison

    found = compared(files, gold=gold, letters=letters, encoder=encoder, letter=letter)
    for one in found.tallies:
        told = f"{one.mean:.1f} entities a letter (± {one.deviation:.1f})"
        errors = count(one.points, "error point")
        missing = f", {count(len(one.missing), 'letter')} missing" if one.missing else ""
        say(f"{one.name}: {told}, {errors}{missing}")
    for scored in found.scored:
        if scored.rates:
            rate = scored.rates["all"]
            say(f"{scored.name}: F1 {rate.f1:.3f} ({rate.low:.3f}-{rate.high:.3f})")
    for note in found.notes:
        say(f"  {note}")
    systems, common = count(len(found.systems), "system"), count(len(found.letters), "letter")
    say(f"{systems} on {common}; the page quotes letters: {write_comparison(found, out)}")


@app.command()
def corrections(
    file: Path,
    letters: Annotated[Path, typer.Option(help="letters.jsonl that the spreadsheet came from.")],
    out: Out = Path("corrected_fields.jsonl"),
    person: Annotated[str, typer.Option(help="Who corrected, as a number.")] = "sheet",
) -> None:
    """What people corrected in the spreadsheet (or in the demo's download), to learn from.

    lettera corrections campi.xlsx --letters letters.jsonl -o corrected_fields.jsonl
    """
    from core.extract.corrections import read_corrections, write_corrections

    found = read_corrections(file, letters, person)
    for change in found.unplaced:
        say(f"  row {change.row}, {change.field}: a value without a span ({change.why})")
    if found.strange:
        say(f"  {count(found.strange, 'row')} that Lettera did not write left out")
    values = write_corrections(found, out)
    changes = count(len(found.changes), "changed cell")
    rows = count(len(found.rows), "letter")
    say(f"{changes} of {rows}, as values (gold for compare): {values}")
    say(f"{count(len(found.annotations), 'phrase')} to learn from: {out}")
    Failures([f"{file}: {line}" for line in found.unread]).close()


@app.command()
def demo(
    model: Annotated[str | None, typer.Option(help="Folder or Hub id; without one, rules.")] = None,
    port: DemoPort = 7860,
) -> None:
    """Open the page where anyone can try a model.

    lettera demo --model workspace/model
    """
    from demo.app import serving

    check_port(port, "--port")
    with stopping_on_sigterm(), serving(model, port) as address:
        say(f"the demo:    {address}")
        wait("\nCtrl-C stops it.")


@publish.command(name="model")
def publish_model_verb(
    folder: Path,
    to: Annotated[str, typer.Option(help="owner/name on the Hub.")],
    dry_run: DryRun = False,
    force: Force = False,
) -> None:
    """Put a trained model online.

    lettera publish model model/ --to owner/name --dry-run
    """
    from core.publish.model import publish_model

    token = os.environ.get("HF_TOKEN")
    tell_plan(publish_model(folder, to, token=token, dry_run=dry_run, force=force), dry_run)


@publish.command(name="space")
def publish_space_verb(
    to: Annotated[str, typer.Option(help="owner/name of the Space on the Hub.")],
    model: Annotated[str | None, typer.Option(help="Hub id, or a folder to copy in.")] = None,
    dry_run: DryRun = False,
    force: Force = False,
) -> None:
    """Put the demo online.

    lettera publish space --to owner/name --model owner/model --dry-run
    """
    from core.publish.space import publish_space

    folders = [HERE / "core", HERE / "demo"]
    plan = publish_space(
        to,
        HERE / "spaces",
        folders,
        HERE / "pyproject.toml",
        model,
        token=os.environ.get("HF_TOKEN"),
        dry_run=dry_run,
        force=force,
    )
    tell_plan(plan, dry_run)


def tell_plan(plan: "Plan", dry_run: bool) -> None:
    for file in plan.files:
        say(f"{file.size:>12,}  {file.name}")
    what = f"{plan.kind} {plan.repo}: {count(len(plan.files), 'file')}, {plan.size / 1e6:.1f} MB"
    say(f"{what}, nothing was sent (dry run)" if dry_run else f"{what}, online at {plan.url}")


# --- the whole loop ----------------------------------------------------------------------------


@app.command()
def up(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILES...]")] = None,
    by: By = None,
    once: Once = False,
    take_all: All = False,
    reader: Reader = "auto",
    labels: Labels = "field",
    model: Model = "small",
    port: Annotated[int, typer.Option(help="Where Label Studio listens.")] = 8080,
    host: Annotated[
        str | None, typer.Option(help="Address of this machine to listen at (0.0.0.0: all).")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="What annotators type: https://... of the proxy before it.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="postgresql://USER:PASSWORD@HOST/NAME, or sqlite.", envvar="LETTERA_DATABASE"
        ),
    ] = None,
    backup_every: Annotated[float, typer.Option(help="Minutes between backups; 0 for none.")] = 30,
    backend_port: BackendPort = 9090,
    demo_port: DemoPort = 7860,
    workspace: Workspace = WORKSPACE,
) -> None:
    """The whole loop: read, pre-label, annotators, train, demo. Run again, it goes on."""
    from annotate.keeping.backup import backing_up
    from annotate.server.server import LabelStudioServer
    from annotate.sync.studio import connect
    from core.files import private_folder
    from core.steps import label_letters, read_letters

    view, project = as_view(labels), f"Lettere ({labels})"
    private_folder(workspace)
    check_port(demo_port, "--demo-port")
    check_port(backend_port, "--backend-port")
    letters, labelled = workspace / "letters.jsonl", workspace / "labelled.jsonl"
    if not files:
        files = [str(EXAMPLES / "*.pdf")]
        say("no files given: taking the fictitious letters of demo/examples")
    say("1 of 5: reading")
    reading = read_letters(files, letters, reader, take_all, watch)
    failures = tell_reading(reading, letters)
    if not reading.letters:
        failures.close()
        raise BadInput("no discharge letter among these files; --all takes other documents too")
    say("2 of 5: pre-labelling")
    labeller = make_labeller(by, view, workspace)
    tell_labelling(label_letters(letters, labelled, labeller, view, watch), labeller, labelled)
    say("3 of 5: starting Label Studio (the first start takes about half a minute)")
    with (
        stopping_on_sigterm(),
        LabelStudioServer.start(
            workspace, port, host=host, address=address, database=database
        ) as server,
        backing_up(workspace, 0 if once else backup_every, warn),
    ):
        if host not in (None, "localhost", HOST) and not (address or "").startswith("https:"):
            warn(NO_TLS)
        client = connect(server.url, server.token)
        pages = page_images(letters, files, None, workspace, failures.lines)
        failures.lines += push_step(client, project, read_annotations(labelled), pages=pages)
        if pages:
            store_pages(client, project, workspace)
        corrected = pull_step(client, project, workspace / "corrected.jsonl")
        say("4 of 5: training")
        made = workspace / "model"
        train_lessons(read_annotations(labelled), corrected, made, model)
        say("5 of 5: opening the demo and the labelling backend")
        with open_for_people(client, project, made, model, demo_port, backend_port) as page:
            tell_addresses(server, page, project)
            if not once:
                wait(
                    "\nCtrl-C stops all. Run the same command again: it trains on what was "
                    "corrected meanwhile."
                )
    if once:
        say("all is up; stopped again (--once)")
    failures.close()


def train_lessons(
    labelled: Sequence["Annotation"], corrected: Sequence["Annotation"], out: Path, model: str
) -> None:
    """Trains on what there is: corrections, generated letters, pre-labels while those are few."""
    from core.learn.options import options_for
    from demo.lessons import lessons

    chosen = options_for(model).keep == "best"
    lots, told = lessons(labelled, corrected, view_of([*labelled, *corrected]), chosen=chosen)
    say(told)
    train_step(lots, out, model)


@contextmanager
def open_for_people(
    client: Any, project: str, made: Path, model: str, demo_port: int, backend_port: int
) -> Iterator[str]:
    """The demo and the labelling backend of a model, the latter connected; the demo's address."""
    from annotate.backend.backend import Plan
    from annotate.backend.connect import connect_backend
    from annotate.backend.corrections import pulling
    from annotate.backend.serving import serving as labelling
    from annotate.sync.studio import named
    from demo.app import serving as showing  # Gradio takes seconds to import

    workspace = made.parent
    plan = Plan(
        model=str(made),
        workspace=workspace,
        train=learn_command(workspace, made, model),
        pull=pulling(client, project, workspace / "corrected.jsonl"),
        tell=say,
    )
    with showing(str(made), demo_port) as page, labelling(plan, backend_port) as backend:
        connect_backend(client, named(client, project).id, backend.url, backend.account)
        yield page


def tell_addresses(server: "LabelStudioServer", page: str, project: str) -> None:
    say(f"\nannotators:  {server.address}   project '{project}'")
    say(f"  user       {server.username}")
    say(f"  password   in {server.password_file}")
    if sys.stdout.isatty():
        say(f"             {server.password}")
    say("             for each further person: lettera annotators add NAME")
    say(f"the demo:    {page}")


def main() -> None:
    """Runs the command line; a mistake the user can mend is one line and exit code 1."""
    try:
        app()
    except LetteraError as error:
        print(f"lettera: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
