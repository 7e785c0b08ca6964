"""The demo as a Space: a folder that runs from itself alone, and its way online.

The folder is the template (`spaces/`), the copied source folders, a README with the Space's header,
requirements with the versions installed here, and the model where it is not on the Hub.
"""

import json
import shutil
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, StrictUndefined
from packaging.requirements import Requirement

from core.errors import BadInput, MissingExtra
from core.learn.engines import files_of
from core.learn.record import read_record
from core.publish.hub import check_repo, upload
from core.publish.model import MODEL_FILES, expect_better
from core.publish.plan import Plan, allowed_files

SOURCES = (
    "core/*.py",
    "core/*.toml",
    "core/*/*.py",
    "core/*/*.toml",
    "core/*/*/*.py",
    "core/*/*/*.toml",
    *(f"demo/{name}.py" for name in ("__init__", "app", "analysis", "view", "highlight", "table")),
    "demo/page.css",
    "demo/examples/*.pdf",
)
# Kept at home: what the page never runs.
AT_HOME = (
    "core/bench",
    "core/convert",
    "core/label/hosted",
    "core/label/shield",
    "core/learn/heads",
    "core/learn/recipes",
    "core/learn/scratch",
    "core/publish",
    "core/tournament",
)
ANSWERS = Path("examples", "answers.json")
SPACE_FILES = (
    *("app.py", "README.md", "requirements.txt", "packages.txt"),
    *SOURCES,
    *(f"model/{name}" for name in MODEL_FILES),
)


def assemble_space(
    out: Path, template: Path, folders: Sequence[Path], project: Path, model: str | None = None
) -> Path:
    """Writes the Space's folder. `project` is the pyproject.toml that lists what a Space installs.

    `model` is a folder, copied in, or a Hub id, named in the header; without one there are rules.
    """
    local = model is not None and Path(model).is_dir()
    for name in ("app.py", "packages.txt"):
        _copy(template / name, out / name)
    for folder in folders:
        _check_examples(folder)
        for name in _sources(folder):
            _copy(folder.parent / name, out / name)
    if model is not None and local:
        allowed_files(Path(model), MODEL_FILES)
        # What the tagger reads; the rest is for transformers.
        for name in files_of(read_record(Path(model))):
            _copy(Path(model) / name, out / "model" / name)
    elif model is not None:
        check_repo(model)
    (out / "requirements.txt").write_text("\n".join(requirements(project)) + "\n")
    (out / "README.md").write_text(_readme(template, None if local else model), encoding="utf-8")
    return out


def publish_space(
    repo: str,
    template: Path,
    folders: Sequence[Path],
    project: Path,
    model: str | None = None,
    *,
    token: str | None = None,
    endpoint: str | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Plan:
    """Assembles the Space in a temporary folder and sends it; a dry run asks the network nothing.

    The planned files' paths lead into that folder, which is gone on return.
    """
    check_repo(repo)
    if model is not None and Path(model).is_dir() and not force:
        expect_better(Path(model), read_record(Path(model)))
    with TemporaryDirectory(prefix="lettera-space-") as folder:
        assemble_space(Path(folder), template, folders, project, model)
        on_hub = model is not None and not Path(model).is_dir()
        variables = {"LETTERA_MODEL": str(model)} if on_hub else {}
        plan = Plan(repo, "space", allowed_files(Path(folder), SPACE_FILES), variables)
        return plan if dry_run else upload(plan, token, "Publish the demo", endpoint)


def requirements(project: Path) -> list[str]:
    """What a Space installs, in the versions installed here. Gradio comes with its header."""
    extras = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    names = [Requirement(line).name for line in extras["space"]]
    return [f"{name}=={_installed(name)}" for name in names]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError as error:
        raise MissingExtra(f"{name} is not installed; run make install") from error


def _sources(folder: Path) -> Iterator[str]:
    """The names, from the folder's parent, of the files in it that a Space needs."""
    for pattern in SOURCES:
        for path in sorted(folder.parent.glob(pattern)):
            name = path.relative_to(folder.parent).as_posix()
            if path.is_relative_to(folder) and not name.startswith(AT_HOME):
                yield name


def _check_examples(folder: Path) -> None:
    """Raises BadInput for an example that the generator did not make: it may be a patient's."""
    if not (folder / ANSWERS).exists():
        return
    made = json.loads((folder / ANSWERS).read_bytes())
    strangers = [path for path in (folder / ANSWERS).parent.glob("*.pdf") if path.name not in made]
    if strangers:
        raise BadInput(
            f"{strangers[0]}: not one of the invented letters; "
            "nothing was sent, move it elsewhere first"
        )


def _readme(template: Path, model: str | None) -> str:
    page = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = (template / "README.md").read_text(encoding="utf-8")
    return page.from_string(source).render(sdk_version=_installed("gradio"), model=model) + "\n"


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink() or not source.is_file():
        raise BadInput(f"{source}: not a plain file; a Space is made of copies")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
