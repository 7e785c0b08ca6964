"""The drawings of the comparison, as SVG: entities a letter, the plane of texts, calibration."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.extract.compare.against import Scored
from core.extract.compare.tally import Tally
from core.extract.compare.texts import Cloud
from core.learn.scoring.figure import svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#2f6f9f", "#e07b39", "#4f9d69", "#a0579b", "#c2a13a", "#7a6a5d", "#d0526a", "#5b7fd1")
_GREY, _INK = "#8b949e", "#1f2933"
_WIDE = 5.6  # inches: on a telephone the words stay as large as those beside the drawing


def colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def entities(tallies: Sequence[Tally]) -> str:
    """Fig. 4: how many letters give so many entities, a row a system, with mean and deviation."""
    return svg(lambda axes: _entities(axes, tallies), _WIDE, 1 + 0.95 * len(tallies))


def _entities(axes: "Axes", tallies: Sequence[Tally]) -> None:
    most = max((max(one.entities, default=0) for one in tallies), default=0)
    step = max(1, (most + 1) // 40 + 1)
    edges = np.arange(0, most + 2 * step, step)
    tops = [np.histogram(one.entities, edges)[0] for one in tallies]
    highest = max((int(top.max()) for top in tops), default=1) or 1
    for row, (one, top) in enumerate(zip(tallies, tops, strict=True)):
        base, hue = len(tallies) - 1 - row, colour(row)
        high = 0.72 * top / highest
        axes.bar(edges[:-1], high, step * 0.9, base, color=hue, alpha=0.75, align="edge")
        axes.axhline(base, color="#d5dade", linewidth=0.8, zorder=0)
        low, up = one.mean - one.deviation, one.mean + one.deviation
        axes.plot([low, up], [base - 0.07] * 2, color=hue, linewidth=2.5)
        axes.plot(one.mean, base - 0.07, "o", color=hue, markersize=6)
        text = f"{_plain(one.name)}   {one.mean:.1f} ± {one.deviation:.1f}"
        axes.text(0, base + 0.8, text, color=_INK, fontsize=10, va="bottom")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.25, len(tallies) + 0.1)
    axes.set_xlim(left=min(0.0, *(one.mean - one.deviation for one in tallies)))
    axes.set_xlabel("entities in a letter (dot and bar: mean and standard deviation)")


def plane(cloud: Cloud, names: Sequence[str]) -> str:
    """Fig. 7: every text a point; where rings and dots of other colours meet, systems agree."""
    return svg(lambda axes: _plane(axes, cloud, names), _WIDE, 5)


def _plane(axes: "Axes", cloud: Cloud, names: Sequence[str]) -> None:
    systems, fields = np.array(cloud.systems), np.array(cloud.fields)
    for number, name in enumerate(names):
        points = cloud.places[systems == name]
        size = 90 / (1 + 1.6 * number)  # rings around dots: no system hides another
        axes.scatter(
            points[:, 0],
            points[:, 1],
            s=size,
            facecolors="none" if number < len(names) - 1 or len(names) == 1 else colour(number),
            edgecolors=colour(number),
            linewidths=1.2,
            label=_plain(name),
        )
    for name in dict.fromkeys(cloud.fields):
        x, y = np.median(cloud.places[fields == name], axis=0)
        axes.text(
            x, y, _plain(name).replace("_", " "), fontsize=7, color=_INK, ha="center", va="center",
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75},
        )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, frameon=False, fontsize=9)


def calibration(scored: Sequence[Scored]) -> str:
    """The share that is right among values of about the same score; on the line is honest."""
    return svg(lambda axes: _calibration(axes, scored), 4.6, 4)


def _calibration(axes: "Axes", scored: Sequence[Scored]) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=(0, (4, 3)))
    for number, one in enumerate(scored):
        if not one.bins:
            continue
        most = max(lot.number for lot in one.bins)
        x, y = [lot.score for lot in one.bins], [lot.right for lot in one.bins]
        axes.plot(x, y, color=colour(number), linewidth=1.2)
        sizes = [20 + 160 * lot.number / most for lot in one.bins]
        axes.scatter(x, y, sizes, color=colour(number), alpha=0.75, label=_plain(one.name))
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("score of a value")
    axes.set_ylabel("share that is right")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, frameon=False, fontsize=9)


def _plain(name: str) -> str:
    """A name that matplotlib takes for no formula."""
    return name.replace("$", r"\$")
