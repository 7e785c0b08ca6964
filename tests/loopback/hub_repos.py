"""What a Hub keeps: repositories of commits, each a whole tree of files, and a Space's settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import yaml

LARGE = 10 << 20
"""From here on a file goes by LFS; so do, whatever their size, those that the Hub's own list of
binary kinds names."""
_BINARY = re.compile(r".*\.(safetensors|onnx|bin|npz|crfsuite|pdf|png|jpe?g|zip|gz)")
_COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@dataclass(frozen=True)
class Blob:
    """A file's content; `lfs` says how it came and how it is told of."""

    content: bytes
    lfs: bool

    @property
    def sha(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def git(self) -> str:
        """What git calls it: of an LFS file, its pointer."""
        shown = self.pointer if self.lfs else self.content
        return sha1(b"blob %d\0" % len(shown) + shown).hexdigest()

    @property
    def pointer(self) -> bytes:
        told = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha}\n"
        return f"{told}size {len(self.content)}\n".encode()

    def row(self, path: str) -> dict[str, Any]:
        row: dict[str, Any] = {"type": "file", "path": path, "size": len(self.content)}
        row["oid"] = self.git
        if self.lfs:
            size = len(self.content)
            row["lfs"] = {"oid": self.sha, "size": size, "pointerSize": len(self.pointer)}
        return row


@dataclass(frozen=True)
class Commit:
    oid: str
    title: str
    files: Mapping[str, Blob]


@dataclass
class Repo:
    """One repository. Of a Space: `stages` is what its runtime goes through after a commit, one a
    question, the last for good; `logs` are those of the build and of the run."""

    name: str
    kind: str = "model"
    private: bool = False
    sdk: str | None = None
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=lambda: ["BUILDING", "APP_STARTING", "RUNNING"])
    left: list[str] = field(default_factory=list)
    logs: dict[str, list[str]] = field(default_factory=lambda: {"build": [], "run": []})
    host: str = ""

    def __post_init__(self) -> None:
        if not self.commits:
            attributes = Blob(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n", False)
            self.commit("initial commit", {".gitattributes": attributes})

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def commit(self, title: str, files: Mapping[str, Blob]) -> Commit:
        told = f"{title}{len(self.commits)}{sorted((p, b.git) for p, b in files.items())}"
        made = Commit(sha1(told.encode()).hexdigest(), title, dict(files))
        self.commits.append(made)
        self.left = list(self.stages)
        return made

    def at(self, revision: str) -> Commit | None:
        if revision == "main":
            return self.head
        oid = self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit.oid == oid), None)

    def stage(self) -> str:
        """Where the Space is, a step further at each question."""
        if len(self.commits) == 1:
            return "NO_APP_FILE"
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def info(self, commit: Commit) -> dict[str, Any]:
        told: dict[str, Any] = {"id": self.name, "sha": commit.oid, "private": self.private}
        told["siblings"] = [{"rfilename": path} for path in sorted(commit.files)]
        told["tags"], told["gated"], told["disabled"] = [], False, False
        if self.kind == "space":
            told |= {"sdk": self.sdk, "host": self.host, "subdomain": self.name.replace("/", "-")}
        else:
            told["modelId"] = self.name
        return told

    def seed(self, folder: Path) -> Commit:
        """Takes a folder as it is for its next commit."""
        found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        blobs = {
            name: Blob(content, is_large(name, len(content))) for name, content in found.items()
        }
        return self.commit("seeded", self.head.files | blobs)


def is_large(path: str, size: int) -> bool:
    return size > 0 and (size >= LARGE or bool(_BINARY.fullmatch(path)))


def complaints(text: str, kind: str) -> list[str]:
    """What the Hub has against a README's header: a part of its rules."""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    try:
        said = yaml.safe_load(found[1]) if found else {}
    except yaml.YAMLError:
        return ["not YAML"]
    if not isinstance(said, dict):
        return ["not a mapping"]
    wrong = []
    if kind == "space":
        wrong += [f"'{key}' is required" for key in ("sdk", "sdk_version") if key not in said]
        wrong += [
            f"'{key}' must be a colour"
            for key in ("colorFrom", "colorTo")
            if said.get(key, "red") not in _COLOURS
        ]
        if len(str(said.get("short_description", ""))) > 60:
            wrong.append("'short_description' must be at most 60 characters")
        if "python_version" in said and not isinstance(said["python_version"], str):
            wrong.append("'python_version' must be a string")
    for model in said.get("model-index", ()):
        for result in model.get("results", ()):
            if not {"task", "dataset", "metrics"} <= set(result):
                wrong.append("'model-index' lacks a task, a dataset or metrics")
    return wrong
