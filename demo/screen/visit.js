// One letter on the screen: its readings, what the visitor corrected, and the files to take home.

import { Editing } from "./edit.js";
import { LetterText } from "./letter.js";
import { bytes, save } from "./net.js";
import { facts, groupOf, groups, here, hue, make, number, PLAIN, word } from "./say.js";
import { doubts, Table } from "./table.js";

export class Visit {
  /** `page` is what the visit may ask of the page around it: say, complain, wayName, again. */
  constructor(letter, readings, pages, name, seconds, page) {
    Object.assign(this, { letter, readings, pages, name, seconds, page });
    this.points = Array.from(letter.text);
    this.marks = readings[0].entities;
    if (readings.length > 1) apart(...readings.map((one) => one.entities));
    this.editing = new Editing(this);
    this.table = new Table(this);
    this.texts = readings.map((_, way) => new LetterText(letter, (mark) => this.chosen(mark), (place) => way === 0 && this.editing.offer(place)));
    this.element = make("div", { className: readings.length > 1 ? "visit compared" : "visit" });
    this.draw();
  }

  wayName(way) {
    return this.page.wayName(way);
  }

  complain(text) {
    this.page.complain(text);
  }

  quote({ start, end }) {
    return this.points.slice(start, end).join("");
  }

  /** A field's value in a reading, with what the visitor typed over the first. */
  value(name, way) {
    if (way === 0 && this.isChanged(name)) return this.editing.values[name] ?? undefined;
    return this.readings[way].result.fields[name]?.value;
  }

  isChanged(name) {
    return name in this.editing.values;
  }

  differs(name) {
    return this.readings.length > 1 && this.value(name, 0) !== this.value(name, 1);
  }

  places(name) {
    const seen = new Set();
    return this.readings.flatMap((one) => one.result.fields[name]?.evidence ?? []).filter(({ start, end }) => !seen.has(`${start}-${end}`) && seen.add(`${start}-${end}`));
  }

  /** Every place that speaks of a field, those of its doubts too. */
  speaking(name) {
    return [...this.places(name), ...this.readings.flatMap((one) => doubts(one, name).flatMap((doubt) => doubt.evidence))];
  }

  /** Lights up one place, and brings the letter into view where it lies off the screen. */
  see(place) {
    this.light([place]);
    this.document.scrollIntoView({ block: "nearest" });
  }

  light(places) {
    for (const text of this.texts) text.light(places);
    this.pages.light(places);
  }

  chosen(mark) {
    const row = mark.field && this.table.element.querySelector(`[data-field="${CSS.escape(mark.field)}"]`);
    if (row) this.table.choose(mark.field, { focus: true, places: [mark] });
    else this.page.tell(`${word("group_only")}: ${groupOf(mark).said[here()]}`);
  }

  draw() {
    const places = this.readings.flatMap((one) => [...Object.values(one.result.fields).flatMap((found) => found.evidence), ...(one.result.doubts ?? []).flatMap((doubt) => doubt.evidence)]);
    this.texts.forEach((text, way) => text.draw(way === 0 ? this.marks : this.readings[way].entities, places));
    this.table.draw();
    this.home = make("div", { className: "home" });
    this.#drawHome();
    const head = make("div", { className: "summary" }, make("h2", { tabindex: "-1", "aria-describedby": "found" }, this.name ?? word("pasted_name")), make("p", {}, make("b", { id: "found" }, this.#found()), " ", word("ready_hint")), ...this.#notes(), this.home);
    const titled = this.texts.map((text, way) => (this.readings.length > 1 ? make("div", { className: "side" }, make("h3", {}, this.wayName(this.readings[way].way), " ", make("span", { className: "quiet" }, this.#count(this.readings[way]))), text.element) : text.element));
    this.textPane = make("div", { className: "pane texts", id: "pane-text", role: "tabpanel", "aria-labelledby": "tab-text" }, this.#legend(), ...(this.readings.length > 1 ? [make("div", { className: "sides" }, ...titled)] : titled), this.editing.bar);
    this.pagePane = make("div", { className: "pane", id: "pane-page", role: "tabpanel", "aria-labelledby": "tab-page" }, this.pages.element);
    this.document = make("section", { className: "document", "aria-label": word("document") }, this.#tabs(), this.textPane, this.pagePane);
    const fields = make("section", { className: "fields", "aria-label": word("fields") }, make("h2", {}, word("fields")), this.table.element);
    this.element.replaceChildren(head, this.document, fields);
    this.show(this.shown ?? "text");
  }

  /** The text or the page; with arrow keys, as tabs go. */
  #tabs() {
    const tab = (name) => make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `pane-${name}`, on: { click: () => this.show(name), keydown: (event) => ["ArrowLeft", "ArrowRight"].includes(event.key) && this.show(this.shown === "text" ? "page" : "text", true) } }, word(`${name}_tab`));
    this.tabs = { text: tab("text"), page: tab("page") };
    return make("div", { className: "tabs", role: "tablist", "aria-label": word("document"), hidden: !this.pages.pictures.size }, this.tabs.text, this.tabs.page);
  }

  show(name, focus = false) {
    this.shown = name;
    for (const [one, tab] of Object.entries(this.tabs)) {
      tab.setAttribute("aria-selected", String(one === name));
      tab.tabIndex = one === name ? 0 : -1;
    }
    this.textPane.hidden = name !== "text";
    this.pagePane.hidden = name !== "page";
    if (focus) this.tabs[name].focus();
    if (this.table.open) this.light(this.speaking(this.table.open));
  }

  /** A page's picture that came after the letter. */
  addPage(message) {
    this.pages.add(message);
    this.tabs.text.parentElement.hidden = false;
    if (this.table.open && this.pages.pictures.size === 1) this.table.draw();
  }

  #found() {
    const seconds = number(this.seconds, 1), { fieldCount } = this.page;
    if (this.readings.length > 1) return word("found_two", facts.fields.filter((field) => this.differs(field.name)).length, fieldCount, seconds);
    const [{ result, entities }] = this.readings;
    return word("found", Object.keys(result.fields).length, fieldCount, entities.length, seconds);
  }

  #count({ result, entities }) {
    return word("found_side", Object.keys(result.fields).length, entities.length);
  }

  #notes() {
    const { letter } = this;
    const notes = [];
    if (!letter.discharge_letter) notes.push(word("no_heading"));
    if (letter.letters_in_file > 1) notes.push(word("several_letters", letter.letters_in_file));
    if (letter.reader.includes("tesseract")) notes.push(word("recognised"));
    for (const [page, sure] of Object.entries(letter.confidence ?? {})) if (sure < 80) notes.push(word("poor_page", page, Math.round(sure)));
    return notes.map((note) => make("p", { className: "note" }, note));
  }

  #legend() {
    const count = new Map();
    const drawn = this.readings.length > 1 ? this.readings.flatMap((one) => one.entities) : this.marks;
    for (const mark of drawn) if (mark.edit !== "removed") count.set(groupOf(mark), (count.get(groupOf(mark)) ?? 0) + 1);
    const shown = [...groups.values(), PLAIN].filter((group) => count.has(group));
    return make("ul", { className: "legend", "aria-label": word("legend") }, ...shown.map((group) => make("li", { css: hue(group) }, make("span", { className: "swatch", "aria-hidden": "true" }), group.said[here()], this.readings.length === 1 && make("b", {}, ` ${count.get(group)}`))));
  }

  #drawHome() {
    const button = (text, does, title) => make("button", { type: "button", title, on: { click: does } }, text);
    const buttons = [["Excel", ".xlsx"], ["CSV", ".csv"], ["JSON", ".json"]].map(([name, suffix]) => button(name, () => this.#take({ do: "write", suffix })));
    const { count } = this.editing;
    if (count) buttons.push(button(word("home_corrections", count), () => this.#take({ do: "correct" }), word("home_corrections_why")));
    this.home.replaceChildren(make("span", {}, word("home")), ...buttons);
  }

  async #take(job) {
    const [{ result }] = this.readings;
    const sent = { ...job, result, values: this.editing.values };
    if (job.do === "correct") Object.assign(sent, { letter: this.letter, marks: this.#sent() });
    await this.page.work(word("step_writing"), "work", JSON.stringify(sent), (message) => {
      if (message.kind !== "file") return;
      if (message.phrases === 0) return this.complain(word("home_no_phrase"));
      save(message.name, bytes(message.content));
      this.page.tell(word("home_done", message.name));
    });
  }

  #sent() {
    return this.marks.map(({ start, end, field, state, value, edit }) => ({ start, end, field, state, value, edit }));
  }

  /** Something was corrected: what depends on it is drawn anew where the visitor stands. */
  changed(told) {
    const { open } = this.table;
    this.draw();
    if (open) this.table.choose(open, { focus: true });
    this.page.tell(told);
  }

  /** The fields of the letter with the marks as they are now. False where that failed. */
  async readAgain() {
    let fresh = null;
    const job = { do: "again", ways: [this.readings[0].way], letter: this.letter, marks: this.#sent() };
    await this.page.work(word("step_labelling"), "work", JSON.stringify(job), (message) => {
      if (message.kind === "reading") fresh = message;
    });
    if (!fresh) return false;
    this.readings = [{ ...this.readings[0], result: fresh.result }];
    this.changed(word("recounted"));
    return true;
  }
}

/** Tells of each mark whether only its own reading has it. */
function apart(first, second) {
  const key = ({ start, end, field, label }) => [start, end, field ?? label].join();
  const keys = [first, second].map((marks) => new Set(marks.map(key)));
  for (const mark of first) mark.alone = !keys[1].has(key(mark));
  for (const mark of second) mark.alone = !keys[0].has(key(mark));
}
