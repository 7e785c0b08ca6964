"""What is online: remembered in the workspace when it was published, asked of the Hub now."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from core.errors import LetteraError
from core.files import write_json
from core.learn.record import FILE, read_record
from core.learn.told import score_of
from core.publish.hub import explained, patiently
from core.publish.model import version
from core.publish.plan import Plan
from core.publish.running import ask, host_of
from core.publish.space import VARIABLE
from core.records import Json

PUBLISHED = "published.json"


@dataclass(frozen=True, slots=True)
class Online:
    """One repository as it stands: `well` says whether it is there and, of a Space, answers."""

    kind: str
    repo: str
    well: bool
    told: tuple[str, ...]


def remember(workspace: Path, plan: Plan) -> None:
    """Notes in the workspace what was published."""
    known = remembered(workspace)
    known[f"{plan.kind} {plan.repo}"] = {
        "kind": plan.kind,
        "repo": plan.repo,
        "revision": plan.revision,
        "tag": plan.tag,
        "url": plan.url,
    }
    write_json(workspace / PUBLISHED, known)


def remembered(workspace: Path) -> dict[str, Json]:
    """What was published from a workspace, by kind and name."""
    try:
        found: dict[str, Json] = json.loads((workspace / PUBLISHED).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


def look(api: HfApi, rows: Iterable[tuple[str, str]]) -> Iterator[Online]:
    """Each repository (kind, name) as it is online now."""
    for kind, repo in rows:
        try:
            with explained(api, repo):
                well, told = _model(api, repo) if kind == "model" else _space(api, repo)
        except LetteraError as error:
            well, told = False, [str(error)]
        yield Online(kind, repo, well, tuple(told))


def _model(api: HfApi, repo: str) -> tuple[bool, list[str]]:
    sha = patiently(lambda: api.model_info(repo)).sha
    record = read_record(Path(api.hf_hub_download(repo, FILE, revision=sha)).parent)
    told = [f"version {version(record)} (commit {str(sha)[:8]})"]
    told.append(f"trained on {record.date[:10]}")
    if "test" in record.scores:
        told.append(score_of(record))
    return True, told


def _space(api: HfApi, repo: str) -> tuple[bool, list[str]]:
    runtime: Any = patiently(lambda: api.get_space_runtime(repo))
    stage = str(getattr(runtime.stage, "value", runtime.stage))
    told = [stage.replace("_", " ").casefold()]
    variables = patiently(lambda: api.get_space_variables(repo))
    if VARIABLE in variables:
        name, _, revision = str(variables[VARIABLE].value).partition("@")
        told.append(f"model {name} ({_version(api, name, revision)})")
    else:
        told.append("the model copied into it, or rules")
    if stage != "RUNNING":
        asleep = stage == "SLEEPING"
        return asleep, [*told, *(["wakes with the next visitor"] if asleep else [])]
    host = host_of(api, repo)
    token = api.token if isinstance(api.token, str) else None
    took = ask(host, token)
    return True, [*told, f"answers in {took:.1f} s at {host}"]


def _version(api: HfApi, model: str, revision: str) -> str:
    """The tag of a commit, and whether a newer one is there."""
    if not revision:
        return "whatever stands there when it starts"
    refs = patiently(lambda: api.list_repo_refs(model))
    names = [ref.name for ref in refs.tags if revision in (ref.target_commit, ref.name)]
    newest = next((ref.target_commit for ref in refs.branches if ref.name == "main"), revision)
    old = "" if newest == revision or newest in names else "; a newer one is online, publish again"
    return f"version {names[-1] if names else revision[:8]}{old}"
