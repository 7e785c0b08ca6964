"""From files to pre-labelled phrases: read, label, and what belongs to asking a hosted model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadInput
from verbs.engines import LOCAL, Engine, no_service, on_ray, one_for_all
from verbs.engines import run as run_on_ray
from verbs.labellers import hosted_labeller, make_labeller, tell_account, tell_estimate
from verbs.options import (
    All,
    By,
    Corrected,
    Documents,
    EstimateOnly,
    Examples,
    Files,
    Gold,
    Labelled,
    Labels,
    Language,
    LettersFile,
    MaxUsd,
    Reader,
    Shield,
)
from verbs.terminal import (
    WORKSPACE,
    Failures,
    Out,
    OutFolder,
    Workspace,
    as_view,
    count,
    read_annotations,
    say,
    view_of,
    watch,
)

if TYPE_CHECKING:
    from core.label import Labeller
    from core.label.asking import Asking
    from core.schema import View
    from core.steps import Labelling, Reading

app = typer.Typer()


@app.command()
def read(
    files: Documents,
    out: Out = Path("letters.jsonl"),
    reader: Reader = "auto",
    take_all: All = False,
    engine: Engine = LOCAL,
) -> None:
    """Read PDFs, scans and texts into letters.jsonl.

    lettera read lettere/ -o letters.jsonl
    """
    if on_ray(engine):
        from core.cluster.jobs import Read

        report = run_on_ray(Read(reader, take_all), files, out, "reading")
    else:
        from core.steps import read_letters

        report = read_letters(files, out, reader, take_all, watch)
    tell_reading(report, out).close()


def tell_reading(report: "Reading", out: Path) -> Failures:
    away = report.turned_away
    told = f", {away} turned away (no discharge letters; --all takes them)" if away else ""
    say(f"read {count(report.letters, 'letter')}{told}: {out}")
    return Failures(report.failures)


@app.command()
def label(
    letters: LettersFile,
    out: Out = Path("labelled.jsonl"),
    by: By = None,
    model: Annotated[
        str | None,
        typer.Option(help="The language model; the list is core/label/hosted/models.toml."),
    ] = None,
    format: Annotated[
        str, typer.Option(help="How the model answers: iob, inline, spans or fields.")
    ] = "iob",
    labels: Labels = "field",
    language: Language = "it",
    examples: Examples = 0,
    corrected: Corrected = None,
    votes: Annotated[
        str, typer.Option(help="Samples of each answer (3), or formats (iob,inline,spans).")
    ] = "1",
    batch: Annotated[int, typer.Option(help="Phrases of a letter in one call.")] = 1,
    batch_api: Annotated[
        bool, typer.Option("--batch-api", help="Ask at half price, within a day.")
    ] = False,
    shield: Shield = "auto",
    max_usd: MaxUsd = None,
    dry_run: EstimateOnly = False,
    engine: Engine = LOCAL,
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
    labeller = make_labeller(by, view, workspace, how, corrected, here=not on_ray(engine))
    if dry_run:
        if not hasattr(labeller, "estimate"):
            raise BadInput(f"{labeller.source} costs nothing; --dry-run is for --by together")
        tell_estimate(labeller.estimate(phrases_in(letters)), labeller.source, workspace)
        return
    if on_ray(engine):
        from core.cluster.jobs import RULES, Label

        if hasattr(labeller, "estimate"):
            raise no_service("together")
        who = RULES if by is None or by == RULES else one_for_all(by)
        job = Label(who, labeller.source, view)
        report = run_on_ray(job, [str(letters)], out, "labelling")
    else:
        report = label_letters(letters, out, labeller, view, watch)
    tell_labelling(report, labeller, out).close()


def tell_labelling(report: "Labelling", labeller: "Labeller", out: Path) -> Failures:
    told = f", {count(report.missing, 'quote')} not found (`missing`)" if report.missing else ""
    if report.remarked:
        told += f", {count(report.remarked, 'phrase')} without a whole answer (`comment`)"
    spans = count(report.spans, "span")
    say(f"{count(report.phrases, 'phrase')}, {spans} by {labeller.source}{told}: {out}")
    tell_account(labeller)
    return Failures([*report.failures, *([report.stopped] if report.stopped else [])])


@app.command()
def sift(
    labelled: Labelled,
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
    from core.learn.data.sift import Rules
    from core.steps import sift_file

    sieve = sift_file(labelled, out, Rules(not keep_empty, not keep_one_word, shortest), report)
    for name, tally in (("before", sieve.before), ("after", sieve.after)):
        tags = ", ".join(f"{tag} {tally.tags[tag]:,}" for tag in "BIO")
        say(f"{name:>7}: {count(tally.phrases, 'phrase')}; words {tags}")
    told = ", ".join(f"{number:,} with {why}" for why, number in sieve.dropped.items())
    say(f"left out {told or 'nothing'}: {out}, {report}")


@app.command()
def convert(
    source: Annotated[
        Path, typer.Argument(help="A file or folder with marked texts.", metavar="SOURCE")
    ],
    target: Annotated[
        Path, typer.Argument(help="What to write; its ending says how.", metavar="TARGET")
    ],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Format of the source where its name does not tell it: jsonl, conll, spacy, "
            "parquet, brat, semclinbr, handover, labelstudio or labelstudio-predictions.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="Format to write where the name does not tell it: jsonl, conll, spacy, parquet "
            "or brat."
        ),
    ] = None,
) -> None:
    """Take corrected phrases elsewhere, or bring in somebody else's.

    lettera convert corrected.jsonl corrected.conll
    """
    from core.convert import convert as converted

    if source.is_dir() and (source / "_manifest").is_dir():
        from core.cluster.home import brought_home

        say(brought_home(source, target, to))
        return
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
    nothing = f"no hosted model was asked from {workspace}"
    if not path.exists():
        say(nothing)
        return
    prices = price_list(workspace / "models.toml")
    with Ledger(path) as opened:
        lines = account(opened, prices)
        if not lines:
            say(nothing)
            return
        say(table(lines))
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
    gold: Gold,
    entries: Annotated[
        list[str],
        typer.Option("--with", help="rules, a model folder, together:MODEL:FORMAT, or paper."),
    ],
    out: OutFolder = Path("report"),
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
