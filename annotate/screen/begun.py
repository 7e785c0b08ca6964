"""What stood on the screen when a person began: by the server's word, or by the order of time."""

from collections.abc import Sequence
from datetime import datetime

from annotate.screen.config import NOTE
from annotate.screen.marks import regions_in, spans_in, version_in
from annotate.screen.screen import Place
from core.records import Json, Span


def pushed_in(task: Json, made: Json, places: Sequence[Place]) -> dict[str, dict[str, Span]]:
    """The spans pushed with a task, by phrase, then by region.

    A prediction deleted since lives on in `made`.
    """
    found: dict[str, dict[str, Span]] = {place.phrase.id: {} for place in places}
    for prediction in [*(task.get("predictions") or ()), made.get("prediction") or {}]:
        for key, region, span in spans_in(prediction, places):
            found[key][region] = span
    return found


def before_of(task: Json, made: Json, places: Sequence[Place]) -> dict[str, Json]:
    """What stood on the screen when the person began, by phrase; {} where that is not known."""
    if task["data"].get("bare"):
        return {place.phrase.id: {"source": None, "spans": []} for place in places}
    begun = _begun(task, made)
    if not begun:
        return {}
    source = str(begun.get("model_version") or "").partition("#")[0]
    found: dict[str, Json] = {place.phrase.id: {"source": source, "spans": []} for place in places}
    for key, _, span in spans_in(begun, places):
        found[key]["spans"].append(span.to_json())
    return found


def chosen_of(task: Json, made: Json) -> Json | None:
    """What a person submitted; where a version was chosen, as if that one stood there alone.

    None where a version was chosen and the highlights were changed too: one denies the other.
    """
    result = made.get("result") or ()
    name = version_in(result)
    versions = {p.get("model_version"): p for p in task.get("predictions") or ()}
    if name not in versions:
        return made
    told = made.get("prediction") or made.get("parent_prediction")
    begun = _begun(task, made) if told else made
    if _marks(begun) != _marks(made):
        return None
    notes = [item for item in result if item.get("from_name") == NOTE]
    return {**made, "result": [*versions[name]["result"], *notes]}


def _marks(made: Json) -> list[tuple[str, ...]]:
    """What is highlighted, in words that can be compared."""
    regions = regions_in(made.get("result") or ())
    return sorted((str(r.start), str(r.end), r.label, str(r.state), str(r.value)) for r in regions)


def _begun(task: Json, made: Json) -> Json:
    """The prediction that an annotation began as: by the server's word, else the newest before."""
    if made.get("prediction"):
        return dict(made["prediction"])
    predictions: list[Json] = task.get("predictions") or []
    parent = made.get("parent_prediction")
    for prediction in predictions:
        if parent is not None and prediction.get("id") == parent:
            return prediction
    begun = moment(made.get("draft_created_at") or made.get("created_at") or made["updated_at"])
    earlier = [one for one in predictions if moment(one.get("created_at") or "") <= begun]
    return max(earlier, key=lambda one: moment(one.get("created_at") or ""), default={})


def moment(time: datetime | str) -> str:
    return time.isoformat() if isinstance(time, datetime) else str(time)
