// The letter's text with its entities: flat pieces cut at every border, so that nested and crossing
// entities each keep their own line below the words, and what is copied is what the letter says.

import { fields, groupOf, hue, LOW, make, said, spoken, word } from "./say.js";

const LANE = 3; // pixels from one underline to the next
const STEPS = { ArrowLeft: ["backward", "word"], ArrowRight: ["forward", "word"], ArrowUp: ["backward", "line"], ArrowDown: ["forward", "line"] };

// What would turn the line round, or show as nothing, is shown as a sign of the same length.
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const shown = (text) => text.replace(HIDDEN, "\u2423");

export class LetterText {
  /** `chosen` is called with a mark that was clicked, `selected` with the ends of selected words. */
  constructor(letter, chosen, selected) {
    this.points = Array.from(letter.text);
    this.pages = letter.pages;
    this.chosen = chosen;
    this.element = make("div", { className: "letter", role: "group", dir: "auto", tabindex: "-1" });
    this.element.addEventListener("keydown", (event) => this.#step(event));
    const told = () => selected?.(this.#selection());
    this.element.addEventListener("mouseup", told);
    this.element.addEventListener("keyup", told);
    this.element.addEventListener("touchend", told);
  }

  /** Draws marks; `places` are borders of what may be lit up later. */
  draw(marks, places) {
    this.marks = marks.filter((mark) => mark.edit !== "removed");
    this.marks.sort((a, b) => a.start - b.start || b.end - a.end);
    lanes(this.marks);
    const length = this.points.length;
    const cuts = new Set([0, length, ...this.pages.flatMap((page) => [page.start, page.end])]);
    for (const { start, end } of [...this.marks, ...places]) cuts.add(start).add(end);
    const ends = [...cuts].filter((cut) => cut >= 0 && cut <= length).sort((a, b) => a - b);
    this.pieces = [];
    this.first = new Map();
    let live = [], waiting = 0;
    const blocks = new Map();
    const block = (at) => {
      const page = this.pages.find((one) => at < one.end) ?? this.pages.at(-1);
      if (!blocks.has(page)) blocks.set(page, make("div", { className: "sheet", "data-page": this.pages.length > 1 ? word("page_of", page.page) : null }));
      return blocks.get(page);
    };
    for (let i = 0; i + 1 < ends.length; i++) {
      const [start, end] = [ends[i], ends[i + 1]];
      live = live.filter((mark) => mark.end > start);
      while (waiting < this.marks.length && this.marks[waiting].start <= start) live.push(this.marks[waiting++]);
      const piece = this.#piece(start, end, live);
      this.pieces.push({ start, end, element: piece });
      block(start).append(piece);
      for (const mark of live) if (mark.end === end) block(start).append(this.#name(mark));
    }
    this.element.setAttribute("aria-label", word("text_label"));
    this.element.replaceChildren(...blocks.values());
    // One place for the Tab key: the first mark, or the text where there is none.
    (this.element.querySelector("[role=button]") ?? this.element).tabIndex = 0;
  }

  #piece(start, end, live) {
    const text = shown(this.points.slice(start, end).join(""));
    if (!live.length) return make("span", { "data-start": start }, text);
    const inner = live.reduce((a, b) => (b.end - b.start <= a.end - a.start ? b : a));
    const piece = make("span", { className: "mark", "data-start": start, css: hue(groupOf(inner)) }, text);
    if (inner.state && inner.state !== "present") piece.classList.add("not-plain");
    if (inner.edit && inner.edit !== "kept") piece.classList.add("edited");
    const line = live.map((mark) => `linear-gradient(${groupOf(mark).colour},${groupOf(mark).colour})`);
    piece.style.backgroundImage = line.join(",");
    piece.style.backgroundSize = live.map(() => "100% 2px").join(",");
    piece.style.backgroundPosition = live.map((mark) => `0 calc(100% - ${mark.lane * LANE}px)`).join(",");
    piece.style.paddingBottom = `${1 + Math.max(...live.map((mark) => mark.lane)) * LANE}px`;
    piece.title = live.map((mark) => describe(mark)).join("\n");
    piece.addEventListener("click", () => getSelection().isCollapsed && this.chosen(inner));
    for (const mark of live) {
      if (mark.start !== start) continue;
      // The first piece of a mark is its handle for the keyboard.
      if (mark === inner) {
        piece.setAttribute("role", "button");
        piece.setAttribute("aria-label", `${this.points.slice(mark.start, mark.end).join("")}: ${describe(mark)}`);
        piece.tabIndex = -1;
        piece.mark = mark;
      }
      this.first.set(mark, piece);
    }
    return piece;
  }

  #name(mark) {
    return make("b", { className: "name", "aria-hidden": "true", "data-name": label(mark), css: hue(groupOf(mark)) });
  }

  /** Lights up the words of places, the first of them in view. */
  light(places, scroll = true) {
    let first = null;
    for (const { start, end, element } of this.pieces ?? []) {
      const lit = places.some((place) => place.start < end && start < place.end);
      element.classList.toggle("lit", lit);
      if (lit) first ??= element;
    }
    if (first && scroll && this.element.offsetParent) reveal(this.element, first);
  }

  /** Puts the keyboard on a mark. */
  focus(mark) {
    const piece = this.first.get(mark);
    if (piece?.tabIndex === undefined) return;
    for (const other of this.element.querySelectorAll("[role=button]")) other.tabIndex = -1;
    piece.tabIndex = 0;
    piece.focus();
  }

  /** Chooses words: Ctrl (or Alt) goes on by a word or a line, Shift makes the choice longer or shorter. */
  #choose(event) {
    const [way, by] = STEPS[event.key], chosen = getSelection();
    if (!this.element.contains(chosen.focusNode)) chosen.collapse(document.activeElement, 0);
    if (event.shiftKey) chosen.modify("extend", way, by);
    // On to the next word, past blanks and signs; at either end of the text there is none.
    for (let tries = 0; !event.shiftKey && tries < 20; tries++) {
      if (!chosen.isCollapsed) way === "forward" ? chosen.collapseToEnd() : chosen.collapseToStart();
      if (by === "line" && !tries) chosen.modify("move", way, by);
      chosen.modify("extend", by === "line" ? "forward" : way, "word");
      if (/[\p{L}\p{N}]/u.test(chosen)) break;
    }
    const [range, pane] = [chosen.getRangeAt(0), this.element.getBoundingClientRect()];
    const { top, bottom } = range.getBoundingClientRect();
    if (top < pane.top || bottom > pane.bottom) reveal(this.element, range);
    event.preventDefault();
  }

  #step(event) {
    if (STEPS[event.key] && (event.ctrlKey || event.altKey || event.shiftKey)) return this.#choose(event);
    const handles = [...this.element.querySelectorAll("[role=button]")];
    const at = handles.indexOf(document.activeElement);
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? handles.length - 1 : at + (step ?? 0);
    if (event.key === "Enter" || event.key === " ") this.chosen(handles[at].mark);
    else if (step === undefined && event.key !== "Home" && event.key !== "End") return;
    else if (handles[to]) this.focus(handles[to].mark);
    event.preventDefault();
  }

  /** The ends of the selected words as code points, outer blanks left out; null where none are. */
  #selection() {
    const chosen = getSelection();
    if (chosen.isCollapsed || !chosen.rangeCount) return null;
    const range = chosen.getRangeAt(0);
    if (!this.element.contains(range.commonAncestorContainer)) return null;
    let [start, end] = [this.#offset(range.startContainer, range.startOffset), this.#offset(range.endContainer, range.endOffset)];
    if (start === null || end === null) return null;
    while (start < end && /\s/.test(this.points[start])) start++;
    while (end > start && /\s/.test(this.points[end - 1])) end--;
    return start < end ? { start, end, text: this.points.slice(start, end).join("") } : null;
  }

  #offset(node, units) {
    if (node.nodeType === Node.TEXT_NODE && node.parentElement.dataset.start !== undefined) {
      return Number(node.parentElement.dataset.start) + Array.from(node.data.slice(0, units)).length;
    }
    // Between elements: where the next piece begins, else the end.
    const next = node.childNodes[units];
    const piece = next?.closest?.("[data-start]") ?? this.pieces.map((one) => one.element).find((one) => next ? next.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING : false);
    return piece ? Number(piece.dataset.start) : this.points.length;
  }
}

/** Scrolls only what holds the element: on a phone the page itself must not jump. */
export function reveal(holder, element) {
  const [outer, inner] = [holder.getBoundingClientRect(), element.getBoundingClientRect()];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  holder.scrollBy({ top: inner.top - outer.top - outer.height / 3, behavior: calm ? "auto" : "smooth" });
}

/** Gives each mark the lowest lane that no overlapping mark has: the longer one lies lower. */
function lanes(marks) {
  const open = [];
  for (const mark of marks) {
    for (let i = open.length - 1; i >= 0; i--) if (open[i].end <= mark.start) open.splice(i, 1);
    mark.lane = 0;
    while (open.some((one) => one.lane === mark.lane)) mark.lane++;
    open.push(mark);
  }
}

const STATES = { negated: "negated", uncertain: "state_uncertain", family: "family" };

/** What stands behind the words: the field, and what is not plain about it, in words. */
function label(mark) {
  const parts = [spoken(mark.field ?? (fields.has(mark.label) ? mark.label : groupOf(mark).said[0]))];
  if (STATES[mark.state]) parts.push(word(STATES[mark.state]));
  if (mark.score !== undefined && mark.score < LOW) parts.push(word("unsure", Math.round(mark.score * 100)));
  if (mark.edit && mark.edit !== "kept") parts.push(word("corrected"));
  if (mark.alone) parts.push(word("only_here"));
  return parts.join(" · ");
}

export function describe(mark) {
  const field = fields.get(mark.field);
  const value = field && mark.value !== undefined && mark.value !== null ? `: ${said(mark.value, field)}` : "";
  const sure = mark.score !== undefined && mark.score >= LOW ? ` · ${word("sure", Math.round(mark.score * 100))}` : "";
  return label(mark) + value + sure;
}
