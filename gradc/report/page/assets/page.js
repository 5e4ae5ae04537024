// The page: computes, and tells all parts what to show.

const SLOW = 150; // milliseconds
const PAUSE = 300;
const LONGEST = 600; // characters of a line

const root = document.documentElement;
const data = JSON.parse(byId("data").textContent);
const steps = allSteps(data);
const known = knownFrom(data, steps);
const arguments_ = data.inputs.map((input) => ({ ...input, value: decoded(input.value, input.shape) }));
const seeds = data.seeds.map((seed) => decoded(seed, shapeOf(seed)));
const results = { values: [], adjoints: [], partials: [] };

// The numbers of the last evaluation, by the places of quantities.
const numbers = {
  value: (q) => results.values[data.quantities[q].value],
  adjoint: (q) => results.adjoints[data.quantities[q].adjoint],
  partial: (i) => results.partials[i],
  name: (q) => data.quantities[q].name,
  called: (q) => data.quantities[q].called,
};

document.title = `${data.file} · gradc`;
setText(byId("file"), data.file);
setText(byId("about"), aboutText());
byId("sampled").hidden = !data.sampled;

const links = new Links(data.quantities.length);
const marks = showSource(data.source, links);
const table = new Table(data, links);
const diagram = new Diagram(data.picture, links);
const inputs = new Inputs(arguments_, links, later);
const changing = buckets();
let marked = [];
let waiting = 0; // what is going to compute
let cost = 0; // of the last evaluation, in milliseconds

compute();
const player = new Player(steps, showBetween, markStep);
showAll();
root.dataset.ready = "";

function aboutText() {
  if (data.output === null) {
    const names = data.outputs.map((q) => data.quantities[q].name).join(", ");
    return `No single output to differentiate: ${names}. gradc page --seed-output NAME chooses one.`;
  }
  return `dX is the derivative of ${data.output} with respect to X`;
}

// Numbers

function decoded(value, shape) {
  if (!Array.isArray(value)) return decodedNumber(value);
  return { shape, data: value.flat(Infinity).map(decodedNumber) };
}

function decodedNumber(value) {
  return typeof value === "string" ? WORDS.get(value) : value;
}

function shapeOf(value) {
  const shape = [];
  for (let part = value; Array.isArray(part); part = part[0]) shape.push(part.length);
  return shape;
}

// Computes everything anew; where that fails, says so and keeps what was there.
function compute() {
  const begin = performance.now();
  try {
    const given = inputs.values.map(copied);
    const [values, adjoints] = gradcTrace(...given, ...seeds);
    Object.assign(results, { values, adjoints, partials: gradcPartials(...given) });
    setText(byId("warning"), nonfinite());
  } catch (error) {
    setText(byId("warning"), `nothing was computed: ${error.message}`);
  }
  cost = performance.now() - begin;
}

// After a change of inputs: once for all changes until the next picture is shown; where that takes
// long, once when no further change comes.
function later() {
  root.dataset.busy = "";
  if (cost < SLOW) {
    if (!waiting) waiting = requestAnimationFrame(again);
    return;
  }
  clearTimeout(waiting);
  setText(byId("warning"), "computing ...");
  waiting = setTimeout(again, PAUSE);
}

function again() {
  waiting = 0;
  compute();
  showAll();
  player.say();
  delete root.dataset.busy;
}

// What `gradc run` says of results that are not finite: where the first such number is.
function nonfinite() {
  const adjoints = data.output === null ? [] : data.wrt.map((q) => numbers.adjoint(q));
  const told = [...data.outputs.map((q) => numbers.value(q)), ...adjoints];
  if (told.every((value) => value === undefined || firstBad(value) === null)) return "";
  for (let q = 0; q < data.quantities.length; q++) {
    const bad = firstBad(numbers.value(q));
    if (bad) return `the result is not finite: ${bad.kind} appears first in ${numbers.name(q)}${bad.index}`;
  }
  for (let q = data.quantities.length - 1; q >= 0; q--) {
    const bad = data.quantities[q].adjoint === null ? null : firstBad(numbers.adjoint(q));
    if (bad) {
      const where = `${data.quantities[q].derivative}${bad.index}`;
      return `the result is not finite: ${bad.kind} appears first in ${where} in the backward sweep; every value is finite`;
    }
  }
  return "";
}

function firstBad(value) {
  if (typeof value !== "object") return Number.isFinite(Number(value)) ? null : described(value, "");
  const place = value.data.findIndex((x) => !Number.isFinite(Number(x)));
  return place < 0 ? null : described(value.data[place], `[${indices(place, value.shape)}]`);
}

function described(x, index) {
  return { kind: Number.isNaN(x) ? "NaN" : "an infinity", index };
}

function isZero(value) {
  if (typeof value !== "object") return value === 0;
  return value.data.length > 0 && value.data.every((x) => x === 0);
}

// Whether there are any numbers: the first evaluation may have failed.
function isComputed() {
  return results.values.length > 0;
}

// What is shown

function movesAtAll({ adjoint, lost }) {
  return adjoint !== null && !lost;
}

// For each position, what shows something from there on.
function buckets() {
  const found = Array.from({ length: steps.length + 1 }, () => []);
  const at = (position, show) => found[Math.min(position, steps.length)].push(show);
  data.quantities.forEach(({ adjoint }, q) => {
    at(known.value[q], (shown) => {
      table.showValue(q, numbers, shown);
      diagram.showNumber(q, false, numbers.value(q), shown);
      for (const arrow of diagram.into.get(q) ?? []) arrow.classList.toggle("ahead", !shown);
    });
    if (adjoint === null) return;
    at(known.adjoint[q], (shown) => {
      table.showAdjoint(q, numbers, shown);
      diagram.showNumber(q, true, numbers.adjoint(q), shown);
    });
  });
  for (const { box, quantities } of diagram.boxes) {
    at(known.value[quantities[0]], (shown) => box.classList.toggle("ahead", !shown));
    const moving = quantities.filter((q) => movesAtAll(data.quantities[q]));
    if (!moving.length || moving.length > MOST_ZEROS) continue;
    const last = Math.max(...moving.map((q) => known.adjoint[q]));
    const vanishes = () => moving.every((q) => isZero(numbers.adjoint(q)));
    at(last, (shown) => box.classList.toggle("zero", shown && vanishes()));
  }
  steps.forEach((step, i) => {
    if (step.sweep !== BACKWARD) return;
    for (const arrow of backArrows(step)) {
      at(i + 1, (shown) => arrow.classList.toggle("ahead", !shown));
    }
  });
  return found;
}

function backArrows(step) {
  return step.contributions.flatMap(({ operand }) =>
    step.results.flatMap((result) => diagram.back.get(`${result} ${operand}`) ?? []),
  );
}

function showAll() {
  if (isComputed()) diagram.showPartials(numbers);
  changing.forEach((shows, position) => {
    for (const show of shows) show(isComputed() && position <= player.position);
  });
}

// From one position to another, only what differs.
function showBetween(position, before) {
  const [from, to] = position < before ? [position, before] : [before, position];
  for (let p = from + 1; p <= to; p++) {
    for (const show of changing[p]) show(isComputed() && p <= position);
  }
}

// Marks a step in all panes, and says its line.
function markStep(step, { position, stepping }) {
  for (const element of marked) element.classList.remove("now", "from", "forward", "backward");
  marked = [];
  sayLine(step, position, stepping);
  if (step === null) return;
  const adds = (element, ...names) => {
    if (!element) return;
    element.classList.add(...names, step.sweep);
    marked.push(element);
  };
  const lines = step.results.flatMap((q) => marks.get(q) ?? []);
  for (const part of lines) adds(part, "now");
  const backward = step.sweep === BACKWARD;
  const targets = backward && !step.seed ? step.contributions.map((c) => c.operand) : step.results;
  const arrows = backward ? backArrows(step) : step.results.flatMap((q) => diagram.into.get(q) ?? []);
  for (const arrow of arrows) adds(arrow, "now");
  for (const q of targets) {
    const { row, value, derivative } = table.rows[q];
    adds(row, "now");
    adds(backward ? derivative : value, "now");
    adds(diagram.nodes.get(q), "now");
    for (const text of diagram.textsFor(q, backward)) adds(text, "now");
  }
  if (backward) {
    for (const q of step.results) adds(table.rows[q].derivative, "from");
    for (const q of step.results) for (const text of diagram.textsFor(q, true)) adds(text, "from");
  }
  reveal(byId("source"), lines);
  reveal(table.pane, targets.slice(0, 1).map((q) => table.rows[q].row));
  const drawn = targets.map((q) => diagram.nodes.get(q)).filter(Boolean);
  reveal(diagram.pane, [...drawn.slice(0, 1), ...arrows.slice(0, 1)]);
}

function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}

function sayLine(step, position, stepping) {
  const line = byId("line");
  line.className = `line ${step?.sweep ?? ""}`;
  if (step === null || !isComputed()) {
    const known = isComputed() && data.inputs.length;
    const start = known ? "Only the inputs are known." : "Nothing is computed.";
    const hint = "All numbers. Press play, or → to go step by step.";
    line.replaceChildren(make("span", "hint", stepping || !isComputed() ? start : hint));
    return;
  }
  const { text, result, total, remark } = lineOf(step, numbers, known.receives);
  const sign = step.sweep === FORWARD ? "forward →" : "← backward";
  line.replaceChildren(make("span", "sweep", sign), make("code", "", shortened(text)));
  if (result) line.append(make("code", "result", result));
  if (total) line.append(make("code", "total", total));
  if (remark) line.append(make("span", "remark", remark));
}

// The whole page

const PANES = ["diagram", "program", "inputs", "table"];

function showPane(name) {
  for (const pane of PANES) byId(pane).classList.toggle("shown", pane === name);
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.pane === name));
  }
}

function toggleLarge() {
  const large = root.classList.toggle("large");
  byId("large").setAttribute("aria-pressed", String(large));
  diagram.begin();
}

function toggleTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = root.dataset.theme ?? (dark ? "dark" : "light");
  root.dataset.theme = shown === "dark" ? "light" : "dark";
}

const KEYS = new Map([
  ["ArrowRight", () => player.forward()],
  ["ArrowLeft", () => player.backward()],
  [" ", () => player.toggle()],
  ["Home", () => player.go(0)],
  ["End", () => player.go(steps.length)],
  ["Escape", () => leave()],
  ["?", () => byId("help").showModal()],
  ["+", () => byId("bigger").click()],
  ["-", () => byId("smaller").click()],
  ["0", () => byId("fit").click()],
  ["l", toggleLarge],
  ["d", toggleTheme],
]);

function leave() {
  links.keep([], null);
  player.leave();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const typing = event.target.closest?.("input, textarea, select");
  if (typing && event.key !== "Escape") return;
  if (event.key === " " && event.target.closest?.("button")) return;
  const action = KEYS.get(event.key) ?? KEYS.get(event.key.toLowerCase());
  if (!action) return;
  event.preventDefault();
  if (typing) typing.blur();
  action();
}

for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => showPane(tab.dataset.pane));
}
showPane("diagram");
byId("large").addEventListener("click", toggleLarge);
byId("theme").addEventListener("click", toggleTheme);
byId("helpButton").addEventListener("click", () => byId("help").showModal());
document.addEventListener("keydown", pressed);
