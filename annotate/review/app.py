"""The review page: one phrase at a time; keep it, mend it or throw it out, by keyboard.

The paper's app for throwing out wrongly labelled phrases, with the mending in it. Run it with
`lettera review`. The phrase itself is drawn by card.js; the page only carries it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from annotate.review.desk import Desk
from annotate.review.order import ORDERS
from core.errors import BadInput
from core.records import Json
from core.schema import Schema, View

HOST = "127.0.0.1"
USER = "revisori"
TARGET_SHOWN = "Da segnare"
_HERE = Path(__file__).parent


def build(desk: Desk, schema: Schema, view: View) -> gr.Blocks:
    """The page over a desk. Letters' words travel only between this program and the page."""
    labels = _labels(schema, view)

    def show(name: str, order: str) -> Json:
        return desk.show(name, order) | {"labels": labels}

    page = gr.Blocks(title="Lettera · revisione", analytics_enabled=False)
    with page:
        with gr.Row():
            name = gr.Textbox(
                label="Chi siete · Your name", placeholder="Nome, poi Invio", max_lines=1, scale=1
            )
            order = gr.Dropdown(
                label="Quali frasi · Which phrases",
                choices=[(choice.shown, key) for key, choice in ORDERS.items()],
                value="uncertain",
                filterable=False,
                scale=2,
            )
        card = gr.HTML(
            {"ask": "name"},
            html_template=(_HERE / "card.html").read_text(encoding="utf-8"),
            css_template=(_HERE / "card.css").read_text(encoding="utf-8"),
            js_on_load=(_HERE / "card.js").read_text(encoding="utf-8"),
            server_functions=[turn_of(desk)],
            apply_default_css=False,
        )
        # A name typed while a choice is on its way counts too: the last event is never dropped.
        how: dict[str, Any] = {"trigger_mode": "always_last", "api_visibility": "private"}
        both = [name.submit, order.input]
        gr.on(both, show, [name, order], card, show_progress="hidden", **how)
    return page


def turn_of(desk: Desk) -> Any:
    """What the card calls: a decision, a phrase put off, or the last decision taken back."""

    def turn(sent: Json) -> Json:
        try:
            name, order, phrase = sent["name"], sent["order"], sent["phrase"]
            if order not in ORDERS:
                raise BadInput("questa scelta non esiste: ricaricate la pagina")
            if sent["what"] == "undo":
                return desk.undo(name, order)
            if sent["what"] == "later":
                return desk.postpone(name, order, phrase)
            spans = sent["spans"] if sent["what"] == "keep" else None
            return desk.decide(name, order, phrase, spans, sent["seconds"])
        except BadInput as error:
            return {"error": str(error)}

    return turn


@contextmanager
def serving(
    desk: Desk, schema: Schema, view: View, host: str, port: int
) -> Iterator[tuple[str, str | None]]:
    """The page, open while the block runs: its address, and the password off loopback."""
    page = build(desk, schema, view)
    password = None if host == HOST else secrets.token_urlsafe(9)
    font = ["system-ui", "sans-serif"]
    page.launch(
        server_name=host,
        server_port=port,
        auth=(USER, password) if password else None,
        prevent_thread_lock=True,
        quiet=True,
        theme=gr.themes.Soft(
            primary_hue="sky", neutral_hue="slate", font=font, font_mono=["monospace"]
        ).set(
            # The theme's own blue is too light for words on a light ground.
            block_label_text_color="*primary_800",
            block_title_text_color="*primary_800",
        ),
        run_history=False,
        enable_monitoring=False,
        share=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        footer_links=[],
    )
    try:
        yield f"http://{host}:{port}", password
    finally:
        page.close(verbose=False)


def _labels(schema: Schema, view: View) -> list[dict[str, str]]:
    """Each label as the card shows it: its name in the file, its words, its group's colour."""
    found = []
    for name in schema.labels(view):
        if view == "field":
            shown, group = name, schema.groups[schema.fields[name].group]
        else:
            group = schema.groups.get(name) or next(iter(schema.groups.values()))
            shown = group.it if view == "group" else TARGET_SHOWN
        found.append({"name": name, "shown": shown, "colour": group.colour})
    return found
