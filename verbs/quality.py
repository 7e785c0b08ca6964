"""The verbs that look at people's work as a whole: agreement, gold, likely mistakes, help."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from verbs.options import Corrections
from verbs.tasks import Language, as_language
from verbs.terminal import (
    WORKSPACE,
    Out,
    OutFolder,
    Url,
    Workspace,
    count,
    read_annotations,
    say,
    studio,
    view_of,
    warn,
    watch,
)

app = typer.Typer()


@app.command()
def agree(corrected: Corrections, out: OutFolder = Path("agreement")) -> None:
    """How well people agree, two by two and field by field, and where they do not.

    lettera agree corrected.jsonl -o agreement/
    """
    from annotate.agreement.agreement import measure
    from annotate.agreement.report import fields_table, pairs_table, write_report

    agreement = measure(read_annotations(corrected))
    for rows in (pairs_table(agreement), fields_table(agreement)):
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for first, *rest in rows:
            cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
            say("  ".join([first.ljust(widths[0]), *cells]))
        say("")
    page = write_report(agreement, out)
    exact = "undefined" if agreement.exact is None else f"{agreement.exact.value:.3f}"
    say(
        f"{count(len(agreement.people), 'person').replace('persons', 'people')} on "
        f"{count(agreement.phrases, 'phrase')} of {count(agreement.letters, 'letter')}: "
        f"exact F1 {exact}; {count(len(agreement.disputed), 'phrase')} in dispute "
        f"(they quote letters): {page}"
    )


@app.command()
def adjudicate(
    corrected: Corrections,
    out: Out = Path("gold.jsonl"),
    project: Annotated[
        str | None, typer.Option(help="The project in which somebody decides; made if missing.")
    ] = None,
    majority: Annotated[
        bool, typer.Option("--majority", help="What more than half of the people say counts.")
    ] = False,
    trust: Annotated[
        str | None, typer.Option(help="This person's version counts, as person/3.")
    ] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Show versions A and B, not who made them.")
    ] = False,
    language: Language = "it",
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Make gold of what people agree on; put the rest to an adjudicator. Run it again to take home.

    lettera adjudicate corrected.jsonl --project Arbitrato -o gold.jsonl
    """
    from annotate.agreement.adjudicate import Adjudication, settle, verdicts_of
    from annotate.agreement.adjudicate import adjudicate as decide
    from core.jsonl import write_records
    from core.schema import default_schema

    said = read_annotations(corrected)
    verdicts = verdicts_of(majority, trust, (a.source for a in said))
    if project is None:
        done = Adjudication(settle(said, verdicts=verdicts))
    else:
        with studio(url, workspace) as client:
            done = decide(
                client, project, said, default_schema(), view_of(said), verdicts,
                blind=blind, language=as_language(language),
            )  # fmt: skip
    for refused in done.refused:
        warn(f"{refused.id}: {refused.reason}")
    gold = done.gold
    write_records(out, gold.annotations)
    told = ", ".join(f"{number:,} {source}" for source, number in sorted(gold.by.items()))
    left = count(len(gold.open), "phrase") + " still in dispute"
    if gold.open and project is None:
        left += " (--project puts them to an adjudicator)"
    elif project is not None and done.project is not None:
        left += (
            f", waiting in project '{project}' ({done.added:,} new, {done.renewed:,} renewed, "
            f"{done.withdrawn:,} withdrawn)"
        )
    say(f"{count(len(gold.annotations), 'phrase')} ({told or 'none'}), {left}: {out}")


@app.command()
def suspects(
    corrected: Corrections,
    out: OutFolder = Path("report"),
    opinions: Annotated[
        list[Path] | None,
        typer.Option("--with", help="What labellers say of the same phrases (labelled.jsonl)."),
    ] = None,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Leave out the rules' say.")] = False,
    at_least: Annotated[
        float, typer.Option(help="Leave out what is less likely a mistake (0 to 1).")
    ] = 0.1,
    project: Annotated[
        str | None,
        typer.Option(help="Put them into a tab 'Da rivedere' of this Label Studio project."),
    ] = None,
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """List the likely mistakes in corrected phrases, and give them back to the annotators.

    lettera suspects corrected.jsonl -o report/ --project Lettere
    """
    from annotate.suspects.ranking import letter_by_letter, looked_at
    from annotate.suspects.ranking import suspects as suspected
    from annotate.suspects.report import write_report
    from core.label import LABELLERS
    from core.schema import default_schema

    schema, known = default_schema(), looked_at(read_annotations(corrected))
    view = view_of(known)
    said = [read_annotations(path) for path in opinions or ()]
    if not no_rules:
        said.append(list(LABELLERS.get("rules")().label(letter_by_letter(known))))
    answers = [[schema.seen_as(a, view) for a in some] for some in said]
    found = [one for one in suspected(known, answers) if one.score >= at_least]
    page = write_report(found, out)
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(s.kind for s in found).items())
    say(f"{count(len(found), 'likely mistake')} in {count(len(known), 'phrase')} ({kinds}): {page}")
    if project is not None:
        from annotate.suspects.view import show

        with studio(url, workspace) as client:
            shown = show(client, project, found)
        say(
            f"project '{project}', tab 'Da rivedere': {count(shown.tasks, 'task')} to look at again"
        )
        if shown.strangers:
            warn(f"{count(shown.strangers, 'phrase')} of them are not in project '{project}'")


@app.command()
def report(
    corrected: Corrections,
    out: OutFolder = Path("report"),
    labelled: Annotated[
        list[Path] | None,
        typer.Option(help="What labellers say of the phrases, those pushed bare too."),
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Train on more and more corrections, and draw it.")
    ] = False,
    model: Annotated[
        str, typer.Option(help="For --curve: small, a Hub id, or a folder.")
    ] = "small",
    points: Annotated[int, typer.Option(help="For --curve: how many trainings.")] = 5,
    seed: Annotated[int, typer.Option(help="Which letters are held out, which are drawn.")] = 0,
) -> None:
    """How much the machine helped: spans kept, seconds saved, what more corrections bring.

    lettera report corrected.jsonl --labelled labelled.jsonl -o report/ --curve
    """
    from annotate.helped.measure import measure
    from annotate.helped.page import write_report

    known = read_annotations(corrected)
    said = [a for path in labelled or () for a in read_annotations(path)]
    trained = []
    if curve:
        from annotate.helped.curve import curve as learned

        trained = learned(known, out, model, points, seed, watch)
    told = measure(known, said, trained, seed)
    page = write_report(told, out)
    say(f"{count(told.phrases, 'phrase')} corrected, {told.skipped:,} more skipped: {page}")
