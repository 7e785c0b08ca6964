"""`--engine`: where the work of a verb is done, and what belongs to Ray of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BadInput, UnknownName
from verbs.terminal import watch

if TYPE_CHECKING:
    from core.cluster.jobs import Job

Engine = Annotated[
    str,
    typer.Option(
        help="local, or ray: the cores of a cluster (RAY_ADDRESS) or of this machine; -o is then a "
        "folder of Parquet files."
    ),
]
LOCAL = "local"


def on_ray(engine: str) -> bool:
    """Whether Ray was asked for. Raises UnknownName."""
    if engine not in (LOCAL, "ray"):
        raise UnknownName(f"no engine named '{engine}'; choose one of: local, ray")
    return engine != LOCAL


def run(job: "Job", files: Sequence[str], out: Path, what: str) -> Any:
    """Does a job on Ray; its report."""
    from core.cluster.run import run as run_job

    return run_job(job, files, out, what, watch)


def one_for_all(model: str) -> str:
    """A model as every worker finds it: a folder by its whole path, a Hub id as it is."""
    return str(Path(model).absolute()) if Path(model).exists() else model


def no_service(by: str) -> BadInput:
    return BadInput(
        f"--by {by} asks a service that is no faster for it; --engine ray is for rules and models"
    )
