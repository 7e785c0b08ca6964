"""Arguments and options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Documents = Annotated[
    list[str],
    typer.Argument(help="PDFs, pictures and texts; folders or globs of them.", metavar="FILES"),
]
Files = Annotated[
    list[str],
    typer.Argument(
        help="PDFs, pictures and texts; folders or globs of them; or letters.jsonl.",
        metavar="FILES",
    ),
]
LettersFile = Annotated[
    Path, typer.Argument(help="letters.jsonl, as lettera read writes it.", metavar="LETTERS")
]
Labelled = Annotated[
    Path,
    typer.Argument(help="labelled.jsonl, as lettera label writes it.", metavar="LABELLED"),
]
Corrections = Annotated[
    Path,
    typer.Argument(
        help="corrected.jsonl, as lettera pull writes it (or review, or convert).",
        metavar="CORRECTED",
    ),
]
Gold = Annotated[
    Path,
    typer.Argument(help="Corrected phrases (corrected.jsonl, gold.jsonl).", metavar="GOLD"),
]
Trained = Annotated[
    str, typer.Argument(help="A folder that lettera train wrote, or a Hub id.", metavar="MODEL")
]
All = Annotated[
    bool, typer.Option("--all", help="Take documents that are no discharge letters, too.")
]
Reader = Annotated[
    str,
    typer.Option(
        help="auto (what suits each file), text (the words a PDF holds), marker or tesseract (they "
        "recognise scans)."
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        help="rules, together, or a model (folder or Hub id); by itself together where "
        "TOGETHER_API_KEY is set, else rules."
    ),
]
Labels = Annotated[
    str, typer.Option(help="Label set: target (one label), group (ten) or field (one a field).")
]
Language = Annotated[str, typer.Option(help="Of the prompt: it or en.")]
Shield = Annotated[str, typer.Option(help="auto (on unless the address is loopback), on, or off.")]
Examples = Annotated[int, typer.Option(help="Corrected phrases to show with each question.")]
Corrected = Annotated[
    Path | None, typer.Option(help="Where the examples come from (workspace/corrected.jsonl).")
]
EstimateOnly = Annotated[
    bool, typer.Option("--dry-run", help="Say what it would cost; ask nothing.")
]
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
    bool,
    typer.Option("--force", help="Send it though it was not shown to be better than the last."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List every file, send nothing.")]
Once = Annotated[bool, typer.Option("--once", help="Stop the servers and end when all is up.")]
Seed = Annotated[int, typer.Option(help="Which letters are set aside, which weights are first.")]
