// What people type: numbers and arrays, and the range of a slider around a number.
//
// A reading is {value} or {problem}: a text that says what is wrong, and never an exception.

const TYPED = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const WORDS = new Map([["nan", NaN], ["inf", Infinity], ["+inf", Infinity], ["-inf", -Infinity]]);
const AS_NUMBERS = "write a number like 5, -0.25, 1e-3, nan, inf or -inf";
const LARGEST_INTEGER = 2 ** 53;

// The number in a text; of an integer also whether it is one of 0 .. below-1.
function readNumber(text, { integer, below }) {
  const typed = text.trim();
  const value = WORDS.has(typed) ? WORDS.get(typed) : TYPED.test(typed) ? Number(typed) : null;
  if (value === null) return { problem: typed === "" ? "empty: " + AS_NUMBERS : AS_NUMBERS };
  if (!Number.isFinite(value) && !WORDS.has(typed)) {
    return { problem: "this is larger than the largest double" };
  }
  return checked(value, { integer, below });
}

function checked(value, { integer, below }) {
  if (!integer) return { value };
  if (!Number.isInteger(value)) return { problem: "this must be an integer" };
  if (Math.abs(value) > LARGEST_INTEGER) return { problem: "beyond 2**53 integers are not exact" };
  if (below !== null && (value < 0 || value >= below)) {
    return { problem: `this must be one of 0 .. ${below - 1}` };
  }
  return { value: value + 0 };
}

// The elements, in rows, of an array of a given shape that is written as nested lists.
function readArray(text, shape, kind) {
  let lists;
  try {
    lists = JSON.parse(text.replace(/"?([+-]?\b(?:nan|inf)\b)"?/g, '"$1"'));
  } catch {
    return { problem: "write lists of numbers, like [1, 2.5, -3]" };
  }
  const data = [];
  const problem = gathered(lists, shape, 0, kind, data);
  return problem === null ? { value: { shape, data } } : { problem };
}

function gathered(part, shape, axis, kind, data) {
  if (axis === shape.length) {
    const reading = element(part, kind);
    if (reading.problem) return `element ${data.length + 1}: ${reading.problem}`;
    data.push(reading.value);
    return null;
  }
  if (!Array.isArray(part) || part.length !== shape[axis]) {
    const found = Array.isArray(part) ? `a list of ${part.length}` : "a number";
    return `expected ${shape.join("x")} elements; here is ${found} instead of ${shape[axis]}`;
  }
  for (const inner of part) {
    const problem = gathered(inner, shape, axis + 1, kind, data);
    if (problem !== null) return problem;
  }
  return null;
}

function element(part, kind) {
  if (typeof part === "string" && WORDS.has(part)) return checked(WORDS.get(part), kind);
  if (typeof part !== "number") return { problem: AS_NUMBERS };
  if (!Number.isFinite(part)) return { problem: "this is larger than the largest double" };
  return checked(part, kind);
}

// A number as a person would type it; it reads back as the same number.
function typed(value) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value).replace("e+", "e");
}

function typedArray(value, axis = 0, start = 0, count = value.data.length) {
  if (axis === value.shape.length) return typed(value.data[start]);
  const step = value.shape[axis] ? count / value.shape[axis] : 0;
  const parts = [];
  for (let i = 0; i < value.shape[axis]; i++) {
    parts.push(typedArray(value, axis + 1, start + i * step, step));
  }
  return `[${parts.join(", ")}]`;
}

// {min, max, step} of a slider on which a number lies well; null where it cannot lie on one.
function sliderRange(value, { integer, below }) {
  if (below !== null) return { min: 0, max: Math.max(below - 1, 0), step: 1 };
  const size = Math.abs(value);
  if (!(size <= 1e300 && (size >= 1e-300 || size === 0))) return null;
  const most = roundedUp(2 * size || 1);
  if (integer) return { min: -Math.max(most, 10), max: Math.max(most, 10), step: 1 };
  return { min: -most, max: most, step: most / 100 };
}

// Whether a number still lies well on a slider.
function liesOn(value, range) {
  if (range === null || !(value >= range.min && value <= range.max)) return false;
  return value === 0 || range.step === 1 || Math.abs(value) >= range.max / 50;
}

// The next number of the kind 1, 2 or 5 times a power of ten.
function roundedUp(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  const factor = [1, 2, 5, 10].find((f) => f * power >= x * (1 - 1e-9)) ?? 10;
  return Number((factor * power).toPrecision(1));
}
