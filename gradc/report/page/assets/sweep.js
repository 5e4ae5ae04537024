// The steps in one row, what is known after each, and the line that each one says.
//
// A position p is the number of steps that are done: 0 before the first.  Numbers are asked for
// by `value(q)` and `adjoint(q)`, so that this file knows neither of the page nor of the program.

const FORWARD = "forward";
const BACKWARD = "backward";

// What a loop makes is told in so many characters, else by names alone.
const MOST_TOLD = 100;

function allSteps(data) {
  const steps = data.forward.map((step) => ({ ...step, sweep: FORWARD }));
  if (data.output !== null) {
    steps.push({ sweep: BACKWARD, seed: true, results: data.outputs, contributions: [] });
    steps.push(...data.backward.map((step) => ({ ...step, sweep: BACKWARD })));
  }
  return steps;
}

// The position from which each value and each adjoint is known, and the contributions to each.
function knownFrom(data, steps) {
  const value = new Array(data.quantities.length).fill(0);
  const adjoint = new Array(data.quantities.length).fill(data.forward.length + 1);
  const receives = data.quantities.map(() => []);
  steps.forEach((step, i) => {
    if (step.sweep === FORWARD) for (const q of step.results) value[q] = i + 1;
    for (const contribution of step.contributions) {
      adjoint[contribution.operand] = i + 1;
      receives[contribution.operand].push({ ...contribution, result: step.results[0] });
    }
  });
  return { value, adjoint, receives };
}

// What a step says: {text, result, total, remark}; `result` is the number it computes.
function forwardLine(step, numbers) {
  if (step.results.length > 1 || step.text.startsWith("loop ")) return manyLine(step, numbers);
  const [q] = step.results;
  const value = arrayCell(numbers.value(q));
  const right = step.text.slice(step.text.indexOf("=") + 1).trim();
  const indexed = step.text.slice(0, step.text.indexOf("=")).includes("[");
  const parts = [step.text];
  const filled = step.filled.length ? filledText(step.filled, numbers) : right;
  if (filled !== right) parts.push(filled);
  const text = parts.join(" = ");
  if (filled === value && !indexed) return { text, result: "", total: "", remark: step.remark };
  const result = indexed ? `${numbers.name(q)} = ${value}` : `= ${value}`;
  return { text: indexed ? `${text},` : text, result, total: "", remark: step.remark };
}

function manyLine(step, numbers) {
  const told = step.results.map((q) => `${numbers.name(q)} = ${arrayCell(numbers.value(q))}`);
  const result = told.join(", ");
  if (result.length <= MOST_TOLD) return { text: `${step.text}:`, result, total: "", remark: step.remark };
  const names = step.results.map((q) => numbers.name(q)).join(", ");
  return { text: `${step.text}: ${names}`, result: "", total: "", remark: step.remark };
}

// A formula with its numbers; a negative one in brackets unless it stands by itself.
function filledText(holes, numbers) {
  return holes
    .map((part, i) => {
      if (typeof part === "string") return part;
      const text = arrayCell(numbers.value(part));
      const before = String(holes[i - 1] ?? "").trimEnd().at(-1) ?? "(";
      const after = String(holes[i + 1] ?? "").trimStart().at(0) ?? ")";
      const alone = "([,".includes(before) && ")],".includes(after);
      return text.startsWith("-") && !alone ? `(${text})` : text;
    })
    .join("");
}

function seedLine(step, numbers) {
  const told = step.results.map((q) => `${numbers.called(q)} = ${arrayCell(numbers.adjoint(q))}`);
  const remark = "where the backward sweep begins";
  return { text: told.join(", "), result: "", total: "", remark };
}

function backwardLine(step, numbers, receives) {
  if (step.contributions.length > 1 || step.text.startsWith("loop ")) {
    const told = step.contributions.map(({ operand }) => numbers.called(operand));
    const text = `${step.text}: back to ${told.join(", ")}`;
    const complete = step.contributions.filter(({ operand }) => isLast(step, operand, receives));
    const total = complete.map(({ operand }) => adjointText(operand, numbers)).join(", ");
    const shown = total.length <= MOST_TOLD ? total : "";
    return { text, result: "", total: shown, remark: step.remark };
  }
  const [contribution] = step.contributions;
  return contributionLine(step, contribution, numbers, receives[contribution.operand]);
}

function isLast(step, operand, receives) {
  return receives[operand].at(-1).result === step.results[0];
}

function adjointText(q, numbers) {
  return `${numbers.called(q)} = ${arrayCell(numbers.adjoint(q))}`;
}

function contributionLine(step, contribution, numbers, all) {
  const q = contribution.operand;
  const place = all.findIndex(({ result }) => result === step.results[0]);
  const complete = place === all.length - 1;
  const known = all.slice(0, place + 1).map((one) => product(one, numbers));
  const own = all.length === 1 ? numbers.adjoint(q) : known.at(-1);
  let text = contribution.text;
  let result = "";
  if (known.at(-1) !== null) {
    const partial = number(numberOf(contribution, numbers));
    const factor = partial.startsWith("-") ? `(${partial})` : partial;
    text += ` = ${arrayCell(numbers.adjoint(step.results[0]))} * ${factor}`;
    result = `= ${number(own)}`;
  } else if (all.length === 1) {
    result = `= ${arrayCell(own)}`;
  }
  let total = "";
  if (all.length > 1 && complete) total = adjointText(q, numbers);
  else if (all.length > 1 && known.every((x) => x !== null)) {
    total = `${numbers.called(q)} = ${number(known.reduce((sum, x) => sum + x, 0))} so far`;
  }
  const last = all.length > 1 && complete ? "the last of " : "";
  const count = all.length > 1 ? `${last || `${place + 1} of `}${all.length} paths` : "";
  return { text, result, total, remark: [count, step.remark].filter(Boolean).join("; ") };
}

// What a contribution adds, where it and the adjoint it comes from are numbers.
function product(contribution, numbers) {
  const partial = numberOf(contribution, numbers);
  const adjoint = numbers.adjoint(contribution.result);
  return partial === null || typeof adjoint === "object" ? null : adjoint * partial;
}

function numberOf(contribution, numbers) {
  if (contribution.partial !== null) return contribution.partial;
  return contribution.computed === null ? null : numbers.partial(contribution.computed);
}

function lineOf(step, numbers, receives) {
  if (step.seed) return seedLine(step, numbers);
  return step.sweep === FORWARD
    ? forwardLine(step, numbers)
    : backwardLine(step, numbers, receives);
}
