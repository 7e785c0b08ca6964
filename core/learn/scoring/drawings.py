"""The drawings of the report: the course of the training, and the words of the entities."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.learn.scoring.figure import svg
from core.records import Json
from core.schema import default_schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, GREY = "#3f6f9f", "#8b949e"
_WIDE, _HIGH, _WORDS = 900, 330, 120
_SHORTEST = 4  # letters of a word in the cloud: most shorter ones join other words
_DULL = frozenset(
    "alla alle allo agli come con dalla dalle degli del della delle dello negli nella nelle nello "
    "sono sulla sulle with from and the this that were have".split()
)


def colour_of(label: str, number: int = 0) -> str:
    """The colour of a label's group, the same everywhere in the house; a label of another schema
    takes the colours in turn, by its `number`."""
    schema = default_schema()
    group = schema.fields[label].group if label in schema.fields else label
    if group in schema.groups:
        return schema.groups[group].colour
    colours = [known.colour for known in schema.groups.values()]
    return colours[number % len(colours)]


def learning(history: Sequence[Json], best: float) -> str:
    """F1 on validation and the training loss by epoch, as SVG; the best epoch is marked."""

    def draw(axes: "Axes") -> None:
        f1, loss = ([(row["epoch"], row[key]) for row in history if key in row] for key in _SERIES)
        axes.plot(*_columns(f1), color=BLUE, marker="o", markersize=3, label="strict F1")
        for epoch, value in f1:
            if epoch == best:
                axes.plot(epoch, value, "o", color=BLUE, markersize=8)
                axes.annotate(
                    f"{value:.3f}",
                    (epoch, value),
                    xytext=(0, 9),
                    textcoords="offset points",
                    ha="center",
                )
        axes.set_ylim(0, 1.08)
        axes.set_xlabel("epoch")
        axes.set_ylabel("strict F1 on validation", color=BLUE)
        if loss:
            beside: Any = axes.twinx()
            beside.plot(*_columns(loss), color=GREY, linestyle="--")
            beside.set_ylabel("loss in training (dashed)", color=GREY)
            beside.set_ylim(bottom=0)
            beside.spines[["top"]].set_visible(False)

    return svg(draw, 6.4, 3.4)


_SERIES = ("f1", "loss")


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def cloud(words: Mapping[str, Counter[str]], colours: Mapping[str, str]) -> str:
    """The most frequent words of the entities as an SVG cloud, each in the colour of the label that
    it stands in most often; "" where there is none."""
    counts: Counter[str] = Counter()
    label_of: dict[str, str] = {}
    for label, found in sorted(words.items(), key=lambda item: item[1].total()):
        for word, count in found.items():
            if len(word) >= _SHORTEST and word.isalpha() and word not in _DULL:
                counts[word] += count
                if count >= words[label_of.get(word, label)][word]:
                    label_of[word] = label
    if not counts:
        return ""
    texts = "".join(
        f'<text x="{x}" y="{y}" font-size="{size}" textLength="{width:.0f}" '
        f'fill="{_darker(colours[label_of[word]])}">{escape(word)}</text>'
        for word, size, x, y, width in _laid_out(counts)
    )
    return f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="words">{texts}</svg>'


def _laid_out(counts: Counter[str]) -> list[tuple[str, int, int, int, float]]:
    """Word, size, left edge, baseline and width: the cloud as text that a page draws in a font of
    its own, held to the widths reckoned here."""
    import matplotlib
    from PIL import ImageFont
    from wordcloud import WordCloud

    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    made = WordCloud(
        font_path=str(font),
        width=_WIDE,
        height=_HIGH,
        max_words=_WORDS,
        prefer_horizontal=1,
        random_state=0,
        relative_scaling=0.5,
        min_font_size=11,
        max_font_size=64,
        margin=4,
    )
    made.generate_from_frequencies(dict(counts.most_common(_WORDS)))
    found = []
    for (word, _), size, (top, left), _, _ in made.layout_:
        face = ImageFont.truetype(str(font), size)
        ink_left, ink_top, *_ = face.getbbox(word, anchor="ls")
        found.append((word, size, left - int(ink_left), top - int(ink_top), face.getlength(word)))
    return found


def _darker(colour: str) -> str:
    """A colour of a group as ink on white: the light ones would not be read."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    share = 0.62 if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else 0.85
    return "#" + "".join(f"{round(c * share):02x}" for c in (red, green, blue))
