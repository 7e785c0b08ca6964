"""Arguments and options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

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
    bool, typer.Option("--force", help="Though it was not shown to be better than the last.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List every file, send nothing.")]
Once = Annotated[bool, typer.Option("--once", help="Stop the servers and end when all is up.")]
