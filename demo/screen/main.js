// The page around a visit: what comes in, what is told meanwhile, language and colours.

import { ask } from "./net.js";
import { Pages } from "./pages.js";
import { facts, isItalian, make, number, speak, word } from "./say.js";
import { Visit } from "./visit.js";

const at = (id) => document.getElementById(id);
const [text, go, file, drop, way, other, result] = ["text", "go", "file", "drop", "way", "other", "result"].map(at);
let visit = null, pages = null, running = null, last = null;

const page = {
  fieldCount: facts.fields.length,
  wayName(name) {
    if (name === "rules") return word("rules");
    const plain = (one) => one.replace(/^model\//, "").replace(/@.*/, "");
    const alone = facts.ways.filter((one) => plain(one.name) === plain(name)).length === 1;
    return word("rules_and", alone ? plain(name) : name.replace(/^model\//, ""));
  },
  tell: (said) => (at("said").textContent = said),
  complain: (said) => (at("alert").textContent = said),
  work,
};

/** One request at a time, with its progress, its Cancel and its fault in words. True when it ended well. */
async function work(step, url, body, hear, about = null) {
  running?.abort();
  const mine = (running = new AbortController());
  const begun = performance.now();
  const clock = setInterval(() => (at("clock").textContent = word("seconds", Math.round((performance.now() - begun) / 1000))), 1000);
  // What is quick needs no progress, and would only flicker.
  const shown = setTimeout(() => (at("progress").hidden = false), 250);
  at("step").textContent = step;
  at("bar").removeAttribute("value");
  at("clock").textContent = at("alert").textContent = at("said").textContent = "";
  let well = true;
  try {
    await ask(url, body, mine.signal, (message) => {
      if (mine !== running) return;
      if (message.kind === "waiting") at("step").textContent = word("step_waiting", message.place);
      else if (message.kind === "step") tellStep(message);
      else if (message.kind === "fault") {
        well = false;
        const sentence = word(`fault_${message.fault}`);
        page.complain(about ? word("fault_file", about) + sentence : sentence[0].toUpperCase() + sentence.slice(1));
      } else hear(message);
    });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    well = false;
    if (mine === running) page.tell(word("cancelled"));
  }
  clearInterval(clock);
  clearTimeout(shown);
  if (mine === running) {
    running = null;
    at("progress").hidden = true;
  }
  return well;
}

function tellStep({ step, page: comes, pages: count = 1 }) {
  at("step").textContent = step === "recognising" && count === 1 ? word("step_recognising_one") : word(`step_${step}`, comes, count);
  // Of one page nobody can say how far it is.
  if (count > 1) at("bar").value = (comes - 1) / count;
  else at("bar").removeAttribute("value");
}

/** A letter through the server and onto the screen, its pages behind it. */
async function read(body, name) {
  last = { body, name };
  forget();
  pages = new Pages();
  const mine = pages, begun = performance.now();
  const ways = [way.value, other.value].filter((one, i, all) => one && all.indexOf(one) === i);
  const query = new URLSearchParams({ ways: ways.join(",") });
  if (name) query.set("name", name);
  let letter = null;
  const readings = [];
  const well = await work(word(name ? "step_sending" : "step_reading"), `read?${query}`, body, (message) => {
    if (message.kind === "letter") mine.know((letter = message.letter));
    else if (message.kind === "page") visit ? visit.addPage(message) : mine.add(message);
    else if (message.kind === "reading") {
      readings.push(message);
      if (readings.length < ways.length) return;
      show(new Visit(letter, readings, mine, name, (performance.now() - begun) / 1000, page));
    }
  }, name);
  if (!well && !visit) forget();
}

function show(made) {
  visit = made;
  result.replaceChildren(made.element);
  result.hidden = false;
  document.body.classList.add("answered");
  made.element.querySelector("h2").focus({ preventScroll: true });
  made.element.scrollIntoView({ block: "start" });
}

function forget() {
  visit = null;
  pages?.forget();
  pages = null;
  result.replaceChildren();
  result.hidden = true;
  document.body.classList.remove("answered");
}

function readText() {
  if (!text.value.trim()) return page.complain(sentence("none"));
  if (Array.from(text.value).length > facts.limits.characters) return page.complain(sentence("long"));
  read(text.value, null);
}

function readFile(chosen) {
  if (!chosen) return;
  if (chosen.size > facts.limits.bytes) return page.complain(word("fault_file", chosen.name) + word("fault_large"));
  read(chosen, chosen.name);
}

const sentence = (fault) => {
  const said = word(`fault_${fault}`);
  return said[0].toUpperCase() + said.slice(1);
};

async function readExample(name) {
  const answer = await fetch(`example/${encodeURIComponent(name)}`).catch(() => null);
  if (!answer?.ok) return page.complain(sentence("net"));
  read(await answer.blob(), `${name}.pdf`);
}

function offer() {
  const chosen = [way.value, other.value];
  const option = (value, said) => make("option", { value }, said);
  at("examples").replaceChildren(...facts.examples.map(({ name, scan }, i) => make("button", { type: "button", "aria-label": [word("example", i + 1), ...(scan ? [word("scan")] : [])].join(", "), on: { click: () => readExample(name) } }, String(i + 1), scan && make("small", {}, ` ${word("scan")}`))));
  way.replaceChildren(...facts.ways.map((one) => option(one.name, page.wayName(one.name))));
  other.replaceChildren(option("", word("compare_none")), ...facts.ways.map((one) => option(one.name, page.wayName(one.name))));
  [way.value, other.value] = [chosen[0] || facts.ways[0].name, chosen[1] || ""];
  at("way-pick").hidden = at("other-pick").hidden = facts.ways.length < 2;
  const models = facts.ways.filter((one) => one.phrases);
  at("model").textContent = models.length ? models.map(provenance).join(" ") : word("model_none");
}

function provenance({ name, phrases }) {
  const parts = Object.entries(phrases).map(([origin, count]) => (facts.words[`origin_${origin}`] ? word(`origin_${origin}`, number(count)) : `${number(count)} ${origin}`));
  if (!phrases.human) parts.push(word("nobody_checked"));
  return word("model_by", name.replace(/^model\//, ""), parts.join(", "));
}

function colours(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  at("theme").dataset.w = dark ? "to_light" : "to_dark";
  at("theme").textContent = word(at("theme").dataset.w);
}

go.addEventListener("click", readText);
text.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && readText());
at("choose").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  readFile(file.files[0]);
  file.value = "";
});
for (const one of [way, other]) one.addEventListener("change", () => visit && last && read(last.body, last.name));
at("cancel").addEventListener("click", () => running?.abort());
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") readFile(event.dataTransfer.files[0]);
  });
}
at("language").addEventListener("click", () => {
  speak(isItalian() ? "en" : "it");
  offer();
  at("said").textContent = at("alert").textContent = "";
  visit?.draw();
});
at("theme").addEventListener("click", () => colours(document.documentElement.dataset.theme !== "dark"));
// The browser's own memory of a form, or of the page, is no place for a letter.
addEventListener("pagehide", () => {
  text.value = "";
  forget();
});

colours(matchMedia("(prefers-color-scheme: dark)").matches);
speak(document.documentElement.lang);
offer();
