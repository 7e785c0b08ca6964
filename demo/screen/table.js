// The fields: what to check first, then group by group what the letter says, last what it does not.

import { facts, fields, groups, here, hue, LOW, make, noted, said, short, spoken, word } from "./say.js";

const PLACES = 3;

export class Table {
  /** `visit` is the page's desk: readings, edits, and what to do when something is chosen. */
  constructor(visit) {
    this.visit = visit;
    this.open = null;
    this.element = make("div", { className: "table", on: { keydown: (event) => event.key === "Escape" && this.open && this.close() } });
  }

  draw() {
    const { readings } = this.visit;
    const filled = facts.fields.filter((field) => readings.some((_, way) => this.visit.value(field.name, way) !== undefined));
    const empty = facts.fields.filter((field) => !filled.includes(field));
    const search = make("input", { type: "search", id: "find", placeholder: word("find_field"), "aria-label": word("find_field"), autocomplete: "off", on: { input: () => this.#filter() } });
    this.search = search;
    this.none = make("p", { className: "quiet", hidden: true }, word("nothing_found"));
    this.bodies = [...groups.values()].map((group) => [group, filled.filter((field) => field.group === group.name)]).filter(([, members]) => members.length).map(([group, members]) => this.#group(group, members));
    this.rest = make("details", { className: "rest" }, make("summary", {}, word("unfilled", empty.length)), make("ul", { className: "rows" }, ...empty.map((field) => this.#row(field))));
    const heads = readings.length > 1 && make("p", { className: "heads", "aria-hidden": "true" }, make("span"), ...readings.map((one) => make("b", {}, this.visit.wayName(one.way))));
    const different = readings.length > 1 && make("label", { className: "pick" }, (this.only = make("input", { type: "checkbox", on: { change: () => this.#filter() } })), " ", word("only_different"));
    this.element.replaceChildren(this.#toCheck(), make("div", { className: "tools" }, search, ...(different ? [different] : [])), ...(heads ? [heads] : []), ...this.bodies, this.none, this.rest);
    if (this.open) this.choose(this.open, { scroll: false, light: false });
  }

  /** Opens a field's row; `focus` moves the keyboard there too. */
  choose(name, { focus = false, scroll = true, light = true, places } = {}) {
    const row = this.element.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!row) return;
    this.element.querySelectorAll(".detail").forEach((one) => one.remove());
    this.element.querySelectorAll("[aria-expanded=true]").forEach((one) => one.setAttribute("aria-expanded", "false"));
    this.open = name;
    if (row.closest(".rest")) this.rest.open = true;
    row.hidden = false;
    const handle = row.firstElementChild;
    const detail = this.#detail(fields.get(name));
    detail.id = "detail";
    handle.setAttribute("aria-expanded", "true");
    handle.setAttribute("aria-controls", "detail");
    row.append(detail);
    if (focus) handle.focus({ preventScroll: true });
    if (scroll) row.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    if (light) this.visit.light(places ?? this.visit.speaking(name));
  }

  close() {
    const handle = this.element.querySelector("[aria-expanded=true]");
    this.element.querySelectorAll(".detail").forEach((one) => one.remove());
    handle?.setAttribute("aria-expanded", "false");
    handle?.focus();
    this.open = null;
    this.visit.light([]);
  }

  #toCheck() {
    const names = facts.fields.map((field) => field.name).filter((name) => this.visit.readings.some((one) => doubts(one, name).length || isLow(one, name)));
    const head = make("h3", {}, word("to_check"), names.length ? ` (${names.length})` : "");
    if (!names.length) return make("div", { className: "check none" }, make("p", {}, word("nothing_to_check")));
    const items = names.map((name) => make("li", {}, make("button", { type: "button", className: "link", on: { click: () => this.choose(name, { focus: true }) } }, spoken(name)), ": ", [...new Set(this.visit.readings.flatMap((one) => this.#whyDoubted(one, fields.get(name))))].join("; ")));
    return make("div", { className: "check" }, head, make("ul", {}, ...items));
  }

  #group(group, members) {
    const head = make("h3", { className: "group", css: hue(group) }, make("span", { className: "swatch", "aria-hidden": "true" }), group.said[here()]);
    return make("section", { className: "body" }, head, make("ul", { className: "rows" }, ...members.map((field) => this.#row(field))));
  }

  #row(field) {
    const { visit } = this;
    const cells = visit.readings.map((one, way) => {
      const value = visit.value(field.name, way);
      const text = value === undefined ? word("no_value") : short(said(value, field), field.kind === "section" ? 70 : 140);
      return make("span", { className: value === undefined ? "value none" : field.kind === "section" ? "value section" : "value" }, text, ...this.#chips(one, field, way).flatMap((chip) => [" ", chip]));
    });
    const handle = make("button", { type: "button", className: "handle", "aria-expanded": "false", on: { click: () => (this.open === field.name ? this.close() : this.choose(field.name)) } },
      make("span", { className: "field" }, spoken(field.name)), ...cells, visit.readings.length === 1 && this.#where(field));
    const row = make("li", { className: "row", "data-field": field.name }, handle);
    row.dataset.words = `${spoken(field.name)} ${cells.map((cell) => cell.textContent).join(" ")} ${field.about.join(" ")}`.toLowerCase();
    row.dataset.differs = visit.differs(field.name);
    return row;
  }

  #chips(one, field, way) {
    const found = one.result.fields[field.name];
    const chips = [];
    if (way === 0 && this.visit.isChanged(field.name)) chips.push(make("span", { className: "chip own" }, word("corrected")));
    else if (found?.score !== undefined) chips.push(make("span", { className: found.score < LOW ? "chip warn" : "sure" }, word(found.score < LOW ? "unsure" : "sure", Math.round(found.score * 100))));
    else if (found && field.kind !== "section" && facts.ways.length > 1) chips.push(make("span", { className: "sure" }, word("by_rule")));
    const why = new Set(doubts(one, field.name).map((doubt) => doubt.reason));
    for (const reason of why) chips.push(make("span", { className: "chip warn" }, word(reason)));
    if (way > 0 && this.visit.differs(field.name)) chips.push(make("span", { className: "chip own" }, word("differs")));
    return chips;
  }

  #where(field) {
    const places = this.visit.places(field.name);
    if (!places.length) return make("span", { className: "where" });
    const first = field.kind === "section" ? word("the_section") : `«${short(places[0].text, 60)}»`;
    const page = places[0].page && this.visit.letter.pages.length > 1 ? ` ${word("page_short", places[0].page)}` : "";
    const more = places.length > 1 ? ` +${places.length - 1}` : "";
    return make("span", { className: "where" }, first, make("span", { className: "quiet" }, page + more));
  }

  #whyDoubted(one, field) {
    const why = doubts(one, field.name).map((doubt) => doubt.reason === "conflict" && doubt.value !== undefined ? word("also_says", short(said(doubt.value, field), 60)) : doubt.note ? `${word(doubt.reason)}: ${noted(doubt.note)}` : word(doubt.reason));
    if (isLow(one, field.name)) why.push(word("unsure", Math.round(one.result.fields[field.name].score * 100)));
    return why;
  }

  #detail(field) {
    const { visit } = this;
    const places = visit.places(field.name);
    const parts = [make("p", { className: "about" }, field.about[here()])];
    const full = visit.readings.length === 1 && visit.value(field.name, 0);
    if (typeof full === "string" && full.length > 70 && field.kind === "section") parts.push(make("p", { className: "long" }, full));
    for (const one of visit.readings) for (const doubt of doubts(one, field.name)) parts.push(this.#doubt(doubt, field, one));
    if (places.length && field.kind !== "section") {
      const quotes = places.slice(0, PLACES).map((place) => make("li", {}, this.#quote(place)));
      if (places.length > PLACES) quotes.push(make("li", { className: "quiet" }, word("more", places.length - PLACES)));
      parts.push(make("h4", {}, word("evidence")), make("ul", { className: "places" }, ...quotes));
    }
    const crop = places.length && field.kind !== "section" ? visit.pages.crop(places[0]) : null;
    if (crop) parts.push(crop);
    if (visit.readings.length === 1) parts.push(...visit.editing.parts(field));
    return make("div", { className: "detail", role: "region", "aria-label": spoken(field.name) }, ...parts);
  }

  #quote(place) {
    const page = place.page && this.visit.letter.pages.length > 1 ? ` ${word("page_short", place.page)}` : "";
    return make("button", { type: "button", className: "link", on: { click: () => this.visit.see(place) } }, `«${short(place.text, 140)}»${page}`);
  }

  #doubt(doubt, field, one) {
    const said = make("p", { className: "doubt" }, make("b", {}, word(doubt.reason)), " ");
    const why = this.#whyDoubted({ ...one, result: { fields: {}, doubts: [doubt] } }, field)[0];
    if (why !== word(doubt.reason)) said.append(why.replace(`${word(doubt.reason)}: `, ""), " ");
    const places = field.kind === "section" ? [] : doubt.evidence.slice(0, PLACES);
    for (const place of places) said.append(this.#quote(place), " ");
    return said;
  }

  #filter() {
    const asked = this.search.value.trim().toLowerCase();
    const only = this.only?.checked;
    let seen = 0;
    for (const row of this.element.querySelectorAll(".row")) {
      row.hidden = (asked && !row.dataset.words.includes(asked)) || (only && row.dataset.differs !== "true");
      seen += !row.hidden;
    }
    for (const body of this.bodies) body.hidden = ![...body.querySelectorAll(".row")].some((row) => !row.hidden);
    if (asked) this.rest.open = [...this.rest.querySelectorAll(".row")].some((row) => !row.hidden);
    this.none.hidden = seen > 0;
  }
}

export const doubts = (one, name) => (one.result.doubts ?? []).filter((doubt) => doubt.field === name);
const isLow = (one, name) => (one.result.fields[name]?.score ?? 1) < LOW;
