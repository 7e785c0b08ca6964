// One phrase on the screen: draws what the server shows, changes spans by key or mouse, and sends
// a decision. Offsets are code points, as everywhere in Lettera: `points` is the phrase so cut.
const part = (name) => element.querySelector(`.lr-${name}`);
const STATES = { p: 'present', n: 'negated', d: 'uncertain', f: 'family' };
const SHOWN = { negated: 'negato', uncertain: 'dubbio', family: 'familiare', present: 'presente' };
let card = {}, points = [], words = [], spans = [], chosen = -1, begun = 0, busy = false, adding = null;

function draw(shown) {
  if (shown.reviewer !== undefined || shown.ask) card = shown;
  points = Array.from(card.text || '');
  words = wordsOf(points);
  const sent = card.spans || [];
  spans = sent.map((s) => ({ start: s.start, end: s.end, label: s.label, state: s.state || null, of: givenAs(s) }));
  chosen = -1; adding = null; begun = performance.now(); busy = false;
  part('palette').hidden = true;
  say('');
  paint();
}

// Which of the machine's spans a span came from; on a phrase taken back they may differ.
function givenAs(span) {
  const given = card.given || [];
  const same = given.findIndex((g) => g.start === span.start && g.end === span.end && g.label === span.label);
  return same >= 0 ? same : given.findIndex((g) => g.start < span.end && span.start < g.end);
}

function wordsOf(points) {
  const found = [];
  let at = 0;
  while (at < points.length) {
    let end = at + 1;
    if (/[\p{L}\p{N}]/u.test(points[at])) while (end < points.length && /[\p{L}\p{N}\p{M}]/u.test(points[end])) end += 1;
    if (!/\s/u.test(points[at])) found.push([at, end]);
    at = end;
  }
  return found;
}

const labelOf = (name) => (card.labels || []).find((l) => l.name === name) || { shown: name, colour: '#94a3b8' };

function paint() {
  const box = part('phrase');
  box.replaceChildren();
  const cuts = [...new Set([0, points.length, ...spans.flatMap((s) => [s.start, s.end])])].sort((a, b) => a - b);
  for (let i = 0; i + 1 < cuts.length; i += 1) box.append(segment(cuts[i], cuts[i + 1]));
  const text = card.id ? `${card.section ? `Sezione: ${card.section} · ` : ''}lettera ${card.letter}` : '';
  part('place').textContent = text;
  const [before, after] = card.near || ['', ''];
  part('before').textContent = before;
  part('after').textContent = after;
  part('lost').textContent = (card.lost || []).length ? `La macchina ha citato anche, ma nella frase non si trova: ${card.lost.join(' · ')}` : '';
  if (card.ask) box.textContent = 'Scrivete qui sopra il vostro nome e premete Invio.';
  if (card.done) box.textContent = card.left ? 'Le frasi rimaste sono aperte davanti ad altri.' : 'Fatto: non ci sono altre frasi in questa scelta.';
  const keep = part('keep');
  keep.innerHTML = `${changed() ? 'Salva la correzione' : 'Va bene così'} <kbd>Invio</kbd>`;
  for (const button of element.querySelectorAll('[data-do]')) button.disabled = busy || (button.dataset.do === 'undo' ? !card.reviewer : !card.id);
  count();
}

function segment(start, end) {
  const here = spans.filter((s) => s.start <= start && end <= s.end).sort((a, b) => a.end - a.start - (b.end - b.start));
  const piece = document.createElement('span');
  piece.textContent = points.slice(start, end).join('');
  piece.dataset.start = start;
  if (!here.length) return piece;
  const top = here[0];
  piece.className = 'lr-seg' + (chosen >= 0 && here.includes(spans[chosen]) ? ' lr-on' : '');
  piece.style.background = `${labelOf(top.label).colour}55`;
  if (here.length > 1) piece.style.borderBottom = `3px solid ${labelOf(here[here.length - 1].label).colour}`;
  const ending = here.filter((s) => s.end === end).map((s) => labelOf(s.label).shown + (s.state ? ` (${SHOWN[s.state]})` : ''));
  if (ending.length) piece.dataset.tag = ending.join(' + ');
  piece.onclick = () => { if (window.getSelection().isCollapsed) { chosen = spans.indexOf(top); paint(); } };
  return piece;
}

function count() {
  const done = card.verdicts || {};
  const decided = (done.kept || 0) + (done.fixed || 0) + (done.discarded || 0);
  part('bar').firstElementChild.style.width = card.phrases ? `${(100 * decided) / card.phrases}%` : 0;
  part('count').textContent = card.phrases ? `${decided} frasi decise di ${card.phrases}: ${done.kept || 0} tenute, ${done.fixed || 0} corrette, ${done.discarded || 0} scartate · in questa scelta ne restano ${card.left}` : '';
}

function changed() {
  const given = card.given || [];
  return card.id && (spans.length !== given.length || spans.some((s) => s.of < 0 || ['start', 'end', 'label', 'state'].some((k) => (s[k] ?? null) !== (given[s.of][k] ?? null))));
}

const say = (sentence) => { part('said').textContent = sentence; };

async function ask(what) {
  if (busy || (what !== 'undo' && !card.id) || !card.reviewer) return;
  busy = true; paint();
  const sent = { what, name: card.reviewer, order: card.order, phrase: card.id || null };
  if (what === 'keep') sent.spans = spans;
  sent.seconds = (performance.now() - begun) / 1000;
  try {
    const shown = await server.turn(sent);
    if (shown.error) { busy = false; paint(); say(shown.error); } else draw({ ...shown, labels: card.labels });
  } catch (error) {
    // The decision may have been kept or not: pressing again is safe, the last one counts.
    busy = false; paint(); say('Il programma non risponde: la frase resta qui, premete di nuovo tra poco.');
  }
}

function move(edge, by) {
  const span = spans[chosen];
  if (!span) return;
  const places = words.map((w) => w[edge === 'start' ? 0 : 1]);
  const next = by > 0 ? places.find((p) => p > span[edge]) : places.filter((p) => p < span[edge]).pop();
  if (next === undefined || (edge === 'start' ? next >= span.end : next <= span.start)) return;
  span[edge] = next;
  paint();
}

function openPalette(place) {
  adding = place;
  part('palette').hidden = false;
  const search = part('search');
  search.value = '';
  search.placeholder = 'Scrivete qualche lettera dell\'etichetta; Invio prende la prima, Esc chiude';
  list('');
  search.focus();
}

function list(typed) {
  const wanted = typed.trim().toLowerCase();
  const found = (card.labels || []).filter((l) => l.shown.toLowerCase().includes(wanted));
  part('labels').replaceChildren(...found.map((label) => {
    const button = document.createElement('button');
    button.type = 'button'; button.textContent = label.shown; button.style.borderLeftColor = label.colour;
    button.onclick = () => take(label.name);
    return button;
  }));
}

function take(label) {
  if (adding) { spans.push({ ...adding, label, state: null, of: -1 }); chosen = spans.length - 1; }
  else if (spans[chosen]) spans[chosen].label = label;
  closePalette();
}

function closePalette() { part('palette').hidden = true; adding = null; part('search').blur(); paint(); }

// A new span by key starts at the first word that no span covers, after the chosen one if any.
function add() {
  const from = spans[chosen] ? spans[chosen].end : 0;
  const free = words.filter(([a, b]) => /[\p{L}\p{N}]/u.test(points[a]) && !spans.some((s) => s.start < b && a < s.end));
  const word = free.find(([a]) => a >= from) || free[0];
  if (word) openPalette({ start: word[0], end: word[1] });
}

function dragged() {
  const range = window.getSelection();
  if (range.isCollapsed || !card.id || !part('phrase').contains(range.anchorNode) || !part('phrase').contains(range.focusNode)) return;
  const ends = [[range.anchorNode, range.anchorOffset], [range.focusNode, range.focusOffset]].map(([node, offset]) => pointAt(node, offset)).sort((a, b) => a - b);
  range.removeAllRanges();
  let [start, end] = ends;
  while (start < end && /\s/u.test(points[start])) start += 1;
  while (end > start && /\s/u.test(points[end - 1])) end -= 1;
  if (start < end) openPalette({ start, end });
}

function pointAt(node, offset) {
  const piece = node.nodeType === 3 ? node.parentNode : node;
  if (piece === part('phrase')) return offset < piece.childNodes.length ? Number(piece.childNodes[offset].dataset.start) : points.length;
  return Number(piece.dataset.start) + (node.nodeType === 3 ? Array.from(node.data.slice(0, offset)).length : 0);
}

function pressed(event) {
  const typing = event.target.closest && event.target.closest('input, textarea, select, [role=listbox], [contenteditable]');
  if (event.target === part('search')) {
    if (event.key === 'Enter') { const first = part('labels').firstElementChild; if (first) first.click(); event.preventDefault(); }
    if (event.key === 'Escape') closePalette();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === 'Enter') return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const span = spans[chosen];
  if (key === 'z') ask('undo');
  else if (!card.id || busy) return;
  else if (key === 'Enter') ask('keep');
  else if (key === 'x') ask('discard');
  else if (key === 's') ask('later');
  else if (key === 'a') add();
  else if (key === 'Escape') draw({ ...card, spans: card.given });
  else if (key === 'ArrowDown' || key === 'ArrowUp') {
    const order = spans.map((s, i) => i).sort((a, b) => spans[a].start - spans[b].start || spans[a].end - spans[b].end);
    const at = order.indexOf(chosen), step = key === 'ArrowDown' ? 1 : -1;
    if (order.length) chosen = order[at < 0 ? (step > 0 ? 0 : order.length - 1) : (at + step + order.length) % order.length];
    paint();
  }
  else if (!span) return;
  else if (key === 'ArrowLeft' || key === 'ArrowRight') move(event.shiftKey ? 'end' : 'start', key === 'ArrowRight' ? 1 : -1);
  else if (key === 'e') openPalette(null);
  else if (key in STATES) { span.state = span.state === STATES[key] ? null : STATES[key]; paint(); }
  else if (key === 'Delete' || key === 'Backspace') { spans.splice(chosen, 1); chosen = -1; paint(); }
  else return;
  event.preventDefault();
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-do]');
  if (button) { button.blur(); ask(button.dataset.do); }
});
element.addEventListener('input', (event) => { if (event.target === part('search')) list(event.target.value); });
element.addEventListener('mouseup', dragged);
document.addEventListener('keydown', pressed);
// Once a phrase is there the keys belong to it, no longer to the box where the name was typed.
watch('value', () => { draw(props.value); if (card.id) document.activeElement.blur(); });
draw(props.value);
