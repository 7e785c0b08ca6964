// The facts the server gave, the words in the visitor's language, and elements made of plain text.

export const facts = JSON.parse(document.getElementById("facts").textContent);
export const fields = new Map(facts.fields.map((field) => [field.name, field]));
export const groups = new Map(facts.groups.map((group) => [group.name, group]));
export const PLAIN = { name: "entity", said: ["Entità clinica", "Clinical entity"], colour: "#5F7D95", ink: "#000000" };

let language = document.documentElement.lang;
export const isItalian = () => language === "it";
export const here = () => (isItalian() ? 0 : 1);

/** A sentence of words.json, its {0}, {1} filled in. */
export function word(key, ...values) {
  const pair = facts.words[key];
  return (pair ? pair[here()] : key).replace(/\{(\d)\}/g, (_, at) => values[at]);
}

/** Puts every word of the standing page into the language; what was drawn is drawn anew by its owner. */
export function speak(chosen) {
  language = document.documentElement.lang = chosen;
  for (const one of document.querySelectorAll("[data-w]")) one.textContent = word(one.dataset.w);
  for (const one of document.querySelectorAll("[data-aria]")) one.setAttribute("aria-label", word(one.dataset.aria));
  for (const one of document.querySelectorAll("[data-placeholder]")) one.placeholder = word(one.dataset.placeholder);
}

/** An element. Text is only ever text: nothing here, or anywhere, parses HTML. */
export function make(tag, options = {}, ...children) {
  const { on = {}, css = {}, ...plain } = options;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(plain)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  for (const [name, value] of Object.entries(css)) element.style.setProperty(name, value);
  for (const [name, does] of Object.entries(on)) element.addEventListener(name, does);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const NOTES = Object.entries(facts.words).filter(([key]) => key.startsWith("note_")).map(([key, [italian]]) => [key, new RegExp(`^${italian.replace(/\{\d\}/g, "(.+)")}$`)]);

/** The note of a doubt, which a letter's fields carry in Italian, in the visitor's language. */
export function noted(note) {
  const [key, shape] = NOTES.find(([, one]) => one.test(note)) ?? [];
  return key ? word(key, ...shape.exec(note).slice(1)) : note;
}

export const LOW = 0.9; // of a confidence: below it the page says so
export const spoken = (name) => name.replaceAll("_", " ");
export const hue = (group) => ({ "--hue": group.colour, "--ink": group.ink });
export const short = (text, most) => {
  const flat = text.split(/\s+/).join(" ").trim();
  return flat.length <= most ? flat : flat.slice(0, most - 1).trimEnd() + "…";
};

/** A value in the reader's words: sì and no, the meaning of a code, 03/11/2024, 2,5. */
export function said(value, field) {
  if (value === undefined || value === null) return word("no_value");
  if (typeof value === "boolean") return word(value ? "yes" : "no");
  const code = field.codes.find(([one]) => one === value);
  if (code) return `${code[1][here()]} (${value})`;
  if (field.type === "date" && /^\d{4}-\d\d-\d\d$/.test(value)) return value.split("-").reverse().join("/");
  return typeof value === "number" && isItalian() ? String(value).replace(".", ",") : String(value);
}

/** A whole or a broken number as the visitor's language writes it. */
export const number = (value, digits = 0) => value.toLocaleString(isItalian() ? "it-IT" : "en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: "always" });

export function groupOf(mark) {
  const field = fields.get(mark.field ?? mark.label);
  return groups.get(field ? field.group : mark.label) ?? PLAIN;
}
