"""The drawings of the report: bars of deeds, times, the learning curve."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from annotate.helped.curve import Point
from annotate.helped.edits import Deed, Tally
from annotate.helped.pace import Pace
from core.learn.scoring.figure import svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: dict[Deed, str] = {
    "kept": "#4C78A8",
    "changed": "#F2C14E",
    "deleted": "#D1495B",
    "added": "#8C8C8C",
}
_SHOWN: tuple[Deed, ...] = ("kept", "changed", "deleted")
_BLUE, _ORANGE = "#4C78A8", "#E07A1F"


def deeds(rows: Sequence[tuple[str, Tally]]) -> str:
    """A bar a row: what became of all that was shown, one unit long; beside it what was added."""

    def draw(axes: "Axes") -> None:
        names = [f"{name} ({tally.shown})" for name, tally in rows]
        left = [0.0] * len(rows)
        for deed in _SHOWN:
            long = [tally.share(deed) or 0.0 for _, tally in rows]
            axes.barh(names, long, left=left, color=COLOURS[deed], label=deed, height=0.7)
            left = [a + b for a, b in zip(left, long, strict=True)]
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, 1), frameon=False)

    return svg(draw, 8, 0.9 + 0.28 * len(rows))


def times(pace: Pace) -> str:
    """How many phrases took how long, with pre-labels and without, as shares of each."""

    def draw(axes: "Axes") -> None:
        import numpy as np

        there = [one for one in pace.times if one]
        edges = np.geomspace(min(map(min, there)), max(map(max, there)) * 1.001, 24).tolist()
        for seconds, name, colour in zip(
            pace.times, ("with pre-labels", "without"), (_BLUE, _ORANGE), strict=True
        ):
            if seconds:
                weights = [1 / len(seconds)] * len(seconds)
                axes.hist(seconds, edges, weights=weights, alpha=0.55, color=colour, label=name)
        for found, colour in ((pace.helped, _BLUE), (pace.bare, _ORANGE)):
            if found:
                axes.axvline(found.value, color=colour, linewidth=1.5)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_xlabel("seconds for a phrase; the lines are medians")
        axes.set_ylabel("share of phrases")
        axes.legend(frameon=False)

    return svg(draw, 8, 3.4)


def learning(points: Sequence[Point]) -> str:
    """F1 on the held-out letters against corrected phrases."""

    def draw(axes: "Axes") -> None:
        x, y = [p.phrases for p in points], [p.f1 for p in points]
        axes.fill_between(x, [p.low for p in points], [p.high for p in points], alpha=0.2)
        axes.plot(x, y, "o-", color=_BLUE)
        for point in points:
            axes.annotate(
                f"{point.f1:.2f}", (point.phrases, point.f1), xytext=(0, 7),
                textcoords="offset points", ha="center", fontsize=8,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks(x, [f"{n:,}" for n in x])
        axes.minorticks_off()
        axes.set_ylim(0, 1.05)
        axes.set_xlabel("corrected phrases learned from")
        axes.set_ylabel("strict F1, held-out letters")

    return svg(draw, 8, 3.6)
