"""A drawing made by matplotlib, as SVG that stands in a page by itself."""

from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def svg(draw: "Callable[[Axes], None]", width: float = 8, height: float = 4.5) -> str:
    """What `draw` puts on the axes, so many inches wide and high; the same on every run."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(width, height))
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    drawn = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "lettera"}):
        figure.savefig(drawn, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    text = drawn.getvalue()
    return text[text.index("<svg") :]
