"""What the README promises is there: verbs, make targets, files of the tree."""

import re
from pathlib import Path

import pytest
import typer.main

import lettera

ROOT = Path(lettera.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_every_verb_and_no_other() -> None:
    group = typer.main.get_command(lettera.app)
    commands = group.commands.items()  # type: ignore[attr-defined]
    verbs = {name for name, command in commands if not command.hidden}
    told = set(re.findall(r"^    lettera ([\w-]+)", README, re.MULTILINE))
    assert told == verbs


def test_the_steps_of_the_readme_use_options_that_exist() -> None:
    group = typer.main.get_command(lettera.app)
    for verb, rest in re.findall(r"^    lettera ([\w-]+)([^\n]*)", README, re.MULTILINE):
        command = group.commands[verb]  # type: ignore[attr-defined]
        if verb == "publish":
            command = command.commands[rest.split()[0]]
        known = {name for option in command.params for name in option.opts}
        used = set(re.findall(r"(?<= )--?[a-z-]+", rest.split("   ")[0]))
        assert used <= known, (verb, used - known)


def test_make_targets_and_files_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= targets
    tree = README.split("## The tree")[1].split("\n\n")[1]
    for name in re.findall(r"^ {4}([a-z]+(?:/|\.py))", tree, re.MULTILINE):
        assert (ROOT / name).exists(), name
    for path in re.findall(r"\((demo/[^)]+)\)", README):
        assert (ROOT / path).is_file()


@pytest.mark.parametrize("name", ["README.md", "MEASURED.md", "Makefile"])
def test_the_tests_and_measurements_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for path in re.findall(r"\btests/[\w./*]+\w", text):
        assert list(ROOT.glob(path)), path
    for module in re.findall(r"\btests(?:\.\w+)+", text):
        path = module.replace(".", "/")
        assert (ROOT / path).is_dir() or (ROOT / f"{path}.py").is_file(), module
