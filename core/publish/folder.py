"""The Space's folder: the demo so that it runs from itself alone.

It is the template (`spaces/`), the copied source folders, a README with the Space's header,
requirements with the versions installed here, and the model where it is not on the Hub.
"""

import json
import shutil
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from packaging.requirements import Requirement

from core.errors import BadInput, MissingExtra
from core.learn.engines import files_of
from core.learn.record import read_record, write_record
from core.publish.hub import check_repo
from core.publish.model import MODEL_FILES, without_paths
from core.publish.plan import allowed_files, is_allowed

TEMPLATE_FILES = ("app.py", "packages.txt")
MADE_FILES = ("README.md", "requirements.txt")
SOURCES = (
    *(f"core/{'*/' * deep}*.{kind}" for deep in range(4) for kind in ("py", "toml")),
    *(f"demo/*.{kind}" for kind in ("py", "css", "js")),
    *(f"demo/screen/*.{kind}" for kind in ("html", "css", "js", "json", "svg", "woff2")),
    "demo/examples/*.pdf",
)
# Kept at home: what the page never runs, and in the demo what makes the invented letters.
AT_HOME = (
    "core/bench/*",
    "core/cluster/*",
    "core/convert/*",
    "core/label/hosted/*",
    "core/label/shield/*",
    "core/learn/heads/*",
    "core/learn/recipes/*",
    "core/learn/scratch/*",
    "core/publish/*",
    "core/tournament/*",
    *(
        f"demo/{name}.py"
        for name in "fictitious lessons letterhead pages paper slots template voice".split()
    ),
)
ANSWERS = Path("examples", "answers.json")
MODEL = "model"
SPACE_FILES = (
    *TEMPLATE_FILES,
    *MADE_FILES,
    *SOURCES,
    *(f"{MODEL}/{name}" for name in MODEL_FILES),
)


def assemble_space(
    out: Path, template: Path, folders: Sequence[Path], project: Path, model: str | None = None
) -> Path:
    """Writes the Space's folder. `project` is the pyproject.toml that lists what a Space installs.

    `model` is a folder, copied in, or a Hub id, named in the header; without one there are rules.
    """
    local = model is not None and Path(model).is_dir()
    for name in TEMPLATE_FILES:
        _copy(template / name, out / name)
    for folder in folders:
        _check_examples(folder)
        for name in _sources(folder):
            _copy(folder.parent / name, out / name)
    if model is not None and local:
        _copy_model(Path(model), out / MODEL)
    elif model is not None:
        check_repo(model.partition("@")[0])
    (out / "requirements.txt").write_text("\n".join(requirements(project)) + "\n")
    (out / "README.md").write_text(_readme(template, None if local else model), encoding="utf-8")
    return out


def requirements(project: Path) -> list[str]:
    """What a Space installs, in the versions installed here. Gradio comes with its header."""
    extras = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    names = [Requirement(line).name for line in extras["space"]]
    return [f"{name}=={installed(name)}" for name in names]


def installed(name: str) -> str:
    """The version of a package here."""
    try:
        return version(name)
    except PackageNotFoundError as error:
        raise MissingExtra(f"{name} is not installed; run make install") from error


def _copy_model(model: Path, out: Path) -> None:
    """What the tagger reads of it; the rest is for transformers."""
    allowed_files(model, MODEL_FILES)
    record = read_record(model)
    for name in files_of(record):
        _copy(model / name, out / name)
    write_record(out, without_paths(record))


def _sources(folder: Path) -> Iterator[str]:
    """The names, from the folder's parent, of the files in it that a Space needs."""
    deep = tuple(
        f"{row[:-1]}{'*/' * more}*" for row in AT_HOME if row[-1] == "*" for more in (0, 1)
    )
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder.parent).as_posix()
        if is_allowed(name, SOURCES) and not is_allowed(name, (*AT_HOME, *deep)):
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
    named = model.partition("@")[0] if model else None
    return page.from_string(source).render(sdk_version=installed("gradio"), model=named) + "\n"


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink() or not source.is_file():
        raise BadInput(f"{source}: not a plain file; a Space is made of copies")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
