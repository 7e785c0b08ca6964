"""Who labels: by the name that was typed, with what the environment knows; and what it cost."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UnknownName
from verbs.terminal import count, read_annotations, say, warn

if TYPE_CHECKING:
    from core.label import Labeller
    from core.label.asking import Asking
    from core.label.hosted.estimate import Estimate
    from core.label.hosted.request import Usage
    from core.label.together import Together
    from core.learn.tagger import Tagger
    from core.schema import View


def make_labeller(
    by: str | None,
    view: "View",
    workspace: Path,
    how: "Asking | None" = None,
    corrected: Path | None = None,
    here: bool = True,
) -> "Labeller":
    """The labeller of a name, a model folder or a Hub id; says aloud what it chose by itself.

    `here`: whether this process labels; where not, rules are named and not made.
    """
    from core.label import LABELLERS

    if by is None:
        by = "together" if os.environ.get("TOGETHER_API_KEY") else "rules"
        if by == "rules":
            say("labelling by rules: no TOGETHER_API_KEY is set (--by together asks a model)")
    if by == "rules":
        rules = LABELLERS.get(by)
        named: Labeller = rules() if here else rules
        return named
    if by == "together":
        return hosted_labeller(view, workspace, how, corrected)
    if "/" in by or Path(by).exists():
        return load_tagger(by)
    raise UnknownName(
        f"no labeller or model named '{by}'; choose rules, together or a model folder"
    )


def hosted_labeller(
    view: "View",
    workspace: Path,
    how: "Asking | None",
    corrected: Path | None = None,
    rules: "Labeller | None" = None,
    finder: "Labeller | None" = None,
) -> "Together":
    """A language model behind the address of the environment, with the workspace's ledger.

    `rules` are made where none are given; they take a second. `finder`: whose spans are all that
    the model is asked about (the format hybrid).
    """
    from core.label import LABELLERS
    from core.label.asking import Asking
    from core.label.shield.shield import is_loopback
    from core.label.together import Together

    how = how or Asking()
    corrected = corrected or workspace / "corrected.jsonl"
    address = os.environ.get("TOGETHER_BASE_URL")
    if how.shield == "off" and not is_loopback(address or ""):
        warn("the shield is off: names, numbers and dates of patients leave this machine")
    return Together(
        view,
        how,
        api_key=os.environ.get("TOGETHER_API_KEY"),
        base_url=address,
        ledger=workspace / "ledger.db",
        identity=rules or LABELLERS.get("rules")(),
        finder=finder,
        pool=read_annotations(corrected) if how.examples else (),
        prices=workspace / "models.toml",
    )


def load_tagger(model: str) -> "Tagger":
    from core.learn.tagger import Tagger

    return Tagger.load(model)


def tell_account(labeller: Any) -> None:
    """What a hosted labeller's run asked, paid and lost; nothing to say of the others."""
    usage, losses = getattr(labeller, "usage", None), getattr(labeller, "losses", None)
    if usage is None or losses is None:
        return
    tell_usage(usage)
    lost = {
        "phrases without a usable answer": losses.unusable,
        "answered in part": losses.partly,
        "quotes not found": losses.missing,
        "names that are no field": losses.strangers,
        "values of the wrong type": losses.mistyped,
        "spans outvoted": losses.outvoted,
        "questions halved": losses.halved,
    }
    if told := ", ".join(f"{number:,} {what}" for what, number in lost.items() if number):
        say(f"  of this run: {told}")
    for note in labeller.notes:
        say(f"  {note}")


def tell_usage(usage: "Usage") -> None:
    """What was asked of a hosted model, and what it cost."""
    say(
        f"  {count(usage.calls, 'call')}, {usage.reused:,} answers not paid again, "
        f"{usage.tokens_in:,} tokens in, {usage.tokens_out:,} out, US $ {usage.usd:.4f}"
    )


def tell_estimate(told: "Estimate", source: str, workspace: Path) -> None:
    """What asking a hosted model would take."""
    from core.label.hosted.models import price_list

    checked = price_list(workspace / "models.toml").checked
    money = "at an unknown price" if told.usd is None else f"about US $ {told.usd:.2f}"
    say(
        f"dry run, nothing was sent: {count(told.calls, 'call')} by {source}, "
        f"{told.reused:,} answers are there already, about {told.tokens_in:,} tokens in and "
        f"{told.tokens_out:,} out, {money} (list price of {checked})"
    )
