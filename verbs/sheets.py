"""The 74 fields: extracted, corrected by clerks, compared between systems."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BadInput, UnknownName
from verbs.engines import LOCAL, Engine, no_service, on_ray, one_for_all
from verbs.engines import run as run_on_ray
from verbs.labellers import hosted_labeller, load_tagger, tell_estimate, tell_usage
from verbs.options import Corrected, EstimateOnly, Examples, Files, Language, MaxUsd, Shield
from verbs.terminal import WORKSPACE, Failures, Out, OutFolder, Workspace, count, say, watch

if TYPE_CHECKING:
    from core.extracting import Extraction
    from core.label import Labeller

app = typer.Typer()


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
    labelled: Annotated[
        Path | None,
        typer.Option(help="local: phrases labelled or corrected before; rules say the rest."),
    ] = None,
    language: Language = "it",
    examples: Examples = 0,
    corrected: Corrected = None,
    concurrency: Annotated[int, typer.Option(help="Questions in flight at once.")] = 64,
    shield: Shield = "auto",
    max_usd: MaxUsd = None,
    dry_run: EstimateOnly = False,
    engine: Engine = LOCAL,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Fill the 74 fields of each letter, each value with the words that say it.

    FILES may hold the letters.jsonl of lettera read: nothing is read twice.

    lettera extract letters.jsonl --labelled corrected.jsonl -o campi.xlsx

    lettera extract lettere/ -o campi.xlsx --by hybrid --tagger workspace/model --dry-run
    """
    from core.extract.asked import asking
    from core.extract.asked.extractor import Asked
    from core.extract.sheet import check_sheet, write_sheet
    from core.extract.ways import Local
    from core.extracting import Extraction, extracted
    from core.label import LABELLERS
    from core.label.known import Known

    if by not in ("local", "llm", "hybrid"):
        raise UnknownName(f"no way named '{by}' to extract; choose local, llm or hybrid")
    if tagger and by != "hybrid":
        raise BadInput(f"--tagger is for --by hybrid; with --by {by} a model is --model")
    if labelled and by != "local":
        raise BadInput(f"--labelled is for --by local; with --by {by} the model says what is there")
    if dry_run and by == "local":
        raise BadInput("--by local costs nothing; --dry-run is for --by llm and hybrid")
    if on_ray(engine):
        if by != "local":
            raise no_service(by)
        extract_on_ray(files, out, model, labelled)
        return
    check_sheet(out)
    extractor: Local | Asked
    rules: Labeller = LABELLERS.get("rules")()
    if by == "local":
        first = Known(labelled, rules) if labelled else rules
        extractor = Local([first, *([load_tagger(model)] if model else [])])
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
            from core.sources import files_as_letters

            failed: list[str] = []
            letters = files_as_letters(files, failed, "reading", watch)
            tell_estimate(extractor.estimate(letters), extractor.source, workspace)
            Failures(failed).close()
            return
    report = Extraction()
    written = write_sheet(out, extracted(files, extractor, report, watch))
    for note in written.notes if written else ():
        say(f"  {note}")
    tell_extraction(report, extractor, out).close()


def extract_on_ray(files: list[str], out: Path, model: str | None, labelled: Path | None) -> None:
    from core.cluster.jobs import RULES, Extract, extract_labellers, state_of
    from core.extract.ways import Local
    from core.label import LABELLERS

    where = None if labelled is None else str(labelled.absolute())
    shared = None if model is None else one_for_all(model)
    rules = LABELLERS.get(RULES)  # by name: workers make theirs; else what is wrong is said here
    extractor = Local(extract_labellers(where, shared, rules))
    job = Extract(extractor.source, shared, where, state_of(where))
    tell_extraction(run_on_ray(job, files, out, "extracting"), extractor, out).close()


def tell_extraction(report: "Extraction", extractor: Any, out: Path) -> Failures:
    doubts, away = report.doubts, report.turned_away
    told = f", {count(doubts, 'doubt')} to look at" if doubts else ""
    told += f", {away} turned away (no discharge letters)" if away else ""
    letters = count(report.letters, "letter")
    say(f"{letters}, {count(report.values, 'value')} by {extractor.source}{told}: {out}")
    failures = Failures([*report.failures, *([report.stopped] if report.stopped else [])])
    refused = getattr(extractor, "refused", None)
    if refused is None:
        return failures
    tell_usage(extractor.usage)
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
    return failures


@app.command()
def corrections(
    file: Annotated[
        Path,
        typer.Argument(help="The .xlsx that extract (or the demo) wrote.", metavar="FILE"),
    ],
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
def compare(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON files that lettera extract wrote.", metavar="FILES"),
    ],
    out: OutFolder = Path("report"),
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
