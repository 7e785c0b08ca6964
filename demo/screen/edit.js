// Corrections in place: a value typed anew, a mark taken away, changed, or set on selected words.

import { fields, facts, groups, here, make, said, short, spoken, word } from "./say.js";

const STATES = [["present", "present"], ["negated", "negated"], ["uncertain", "state_uncertain"], ["family", "family"]];

export class Editing {
  constructor(visit) {
    this.visit = visit;
    this.values = {}; // by field; null: taken out
    this.bar = make("form", { className: "markbar", hidden: true, on: { submit: (event) => this.#mark(event), keydown: (event) => event.key === "Escape" && this.#leave() } });
  }

  get count() {
    return Object.keys(this.values).length + this.visit.marks.filter((mark) => mark.edit && mark.edit !== "kept").length;
  }

  /** The part of a field's detail where it is corrected. */
  parts(field) {
    const marks = this.visit.marks.filter((mark) => mark.field === field.name && mark.edit !== "removed");
    const rows = marks.map((mark) => make("li", {}, `«${short(mark.text ?? this.visit.quote(mark), 80)}» `, this.#state(mark), " ",
      make("button", { type: "button", on: { click: () => this.#change(mark, { edit: "removed" }) } }, word("remove_mark"))));
    const found = marks.length ? [make("h4", {}, word("marks")), make("ul", { className: "marks" }, ...rows)] : [];
    if (field.kind === "section") return found;
    return [...found, this.#form(field), make("p", { className: "quiet" }, word("mark_hint"))];
  }

  #state(mark) {
    const select = make("select", { "aria-label": word("state"), on: { change: () => this.#change(mark, { state: select.value, edit: mark.edit === "added" ? "added" : "changed" }) } },
      ...STATES.map(([state, key]) => make("option", { value: state, selected: (mark.state ?? "present") === state }, word(key))));
    return select;
  }

  #form(field) {
    const now = this.visit.value(field.name, 0);
    const input = entry(field, now);
    input.id = "correction";
    const changed = field.name in this.values;
    return make("form", { className: "correct", on: { submit: (event) => { event.preventDefault(); this.#save(field, typed(field, input.value)); } } },
      make("label", { for: "correction" }, word("correct")), input, make("button", { className: "primary" }, word("save")),
      now !== undefined && make("button", { type: "button", on: { click: () => this.#save(field, null) } }, word("clear")),
      changed && make("button", { type: "button", on: { click: () => { delete this.values[field.name]; this.visit.changed(word("value_saved")); } } }, word("undo")));
  }

  #save(field, value) {
    if (value === undefined) return this.visit.complain(word("value_bad"));
    this.values[field.name] = value;
    this.visit.changed(word("value_saved"));
  }

  async #change(mark, what) {
    const before = { ...mark };
    Object.assign(mark, what);
    if (!(await this.visit.readAgain())) Object.assign(mark, before, { edit: before.edit });
  }

  /** Words were selected in the text: offers to mark them. */
  offer(place) {
    if (!place || this.visit.readings.length > 1) return void (this.bar.hidden = true);
    this.place = place;
    const [touched] = this.#touched(place);
    const groupsOf = [...groups.values()].map((group) => make("optgroup", { label: group.said[here()] },
      ...facts.fields.filter((field) => field.group === group.name && field.markable).map((field) => make("option", { value: field.name, selected: field.name === (touched?.field ?? this.visit.table.open) }, spoken(field.name)))));
    this.select = make("select", { id: "mark-as" }, ...groupsOf);
    this.bar.replaceChildren(make("label", { for: "mark-as" }, word("mark_as", short(place.text, 40))), this.select, make("button", { className: "primary" }, word("mark")),
      make("button", { type: "button", "aria-label": word("cancel"), on: { click: () => this.#leave() } }, "×"));
    this.bar.hidden = false;
  }

  #leave() {
    this.bar.hidden = true;
    this.visit.texts[0].element.focus();
  }

  async #mark(event) {
    event.preventDefault();
    const { start, end, text } = this.place;
    if (text.includes("\n")) return this.visit.complain(word("mark_short"));
    const mark = { start, end, text, field: this.select.value, label: this.select.value, state: "present", edit: "added" };
    const before = this.visit.marks.map((one) => one.edit);
    for (const one of this.#touched(mark)) if (one.field === mark.field) one.edit = "removed";
    this.visit.marks.push(mark);
    this.bar.hidden = true;
    getSelection().removeAllRanges();
    if (await this.visit.readAgain()) return this.visit.table.choose(mark.field, { focus: true, places: [mark] });
    this.visit.marks.pop();
    this.visit.marks.forEach((one, i) => (one.edit = before[i]));
  }

  #touched({ start, end }) {
    return this.visit.marks.filter((mark) => mark.field && mark.edit !== "removed" && mark.start < end && start < mark.end);
  }
}

/** What a field's value is typed into. */
function entry(field, now) {
  const pick = (pairs) => make("select", {}, make("option", { value: "" }, word("empty_choice")), ...pairs.map(([value, text]) => make("option", { value: String(value), selected: now === value }, text)));
  if (field.type === "boolean") return pick([[true, word("yes")], [false, word("no")]]);
  if (field.type === "code") return pick(field.codes.map(([code]) => [code, said(code, field)]));
  if (field.type === "date") return make("input", { type: "date", value: now ?? "" });
  const mode = { number: "decimal", digits: "numeric", year: "numeric" }[field.type];
  return make("input", { type: "text", inputmode: mode, autocomplete: "off", maxlength: 500, value: now ?? "" });
}

/** The value that was typed; null for none, undefined for what is no value of the field. */
function typed(field, text) {
  const plain = text.trim();
  if (!plain) return null;
  if (field.type === "boolean") return plain === "true";
  if (field.type === "code") return fields.get(field.name).codes.find(([code]) => String(code) === plain)?.[0];
  if (field.type === "number") return /^[+-]?\d+([.,]\d+)?$/.test(plain) ? Number(plain.replace(",", ".")) : undefined;
  if (field.type === "year") return /^\d{4}$/.test(plain) ? Number(plain) : undefined;
  if (field.type === "digits") return /^\d[\d ./-]*$/.test(plain) ? plain : undefined;
  return plain;
}
