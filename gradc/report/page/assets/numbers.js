// Numbers and arrays as text: what gradc/report/numbers.py says, character for character.
//
// A scalar is a number or a truth value; an array is {shape, data} with its elements in rows.
// The functions have the names they have there, in the spelling of this language.

const WHOLE_LIMIT = 1e10;
const DIGITS = 6;
const SHOWN_WHOLE = 6;

function number(x) {
  if (typeof x === "boolean") return x ? "true" : "false";
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (Math.abs(x) < WHOLE_LIMIT && Number.isInteger(x)) {
    return Object.is(x, -0) ? "-0" : String(x);
  }
  return significant(x);
}

// As C's "%.6g": six digits, a tie to the even one, no zeros at the end.
function significant(x) {
  const [digits, exponent] = rounded(Math.abs(x));
  const sign = x < 0 ? "-" : "";
  const kept = digits.replace(/0+$/, "") || "0";
  if (exponent < -4 || exponent >= DIGITS) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${pointed(kept, 1)}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${kept}`;
  return sign + pointed(kept.padEnd(exponent + 1, "0"), exponent + 1);
}

function pointed(digits, whole) {
  const part = digits.slice(whole);
  return part ? `${digits.slice(0, whole)}.${part}` : digits.slice(0, whole);
}

// The first digits of a positive number, and the exponent of the first one.
function rounded(x) {
  const [mantissa, exponent] = x.toExponential(DIGITS - 1).split("e");
  const digits = mantissa.replace(".", "");
  return isTieRoundedUp(x) ? [lowered(digits), Number(exponent)] : [digits, Number(exponent)];
}

// This language rounds ties away from zero.  A tie ends in 5 behind the last digit, exactly.
function isTieRoundedUp(x) {
  if (!/^\d\.\d{5}50*e/.test(x.toExponential(20))) return false;
  const [digits] = x.toExponential(100).replace(".", "").split("e");
  return Number(digits[DIGITS - 1]) % 2 === 0 && /^50*$/.test(digits.slice(DIGITS));
}

// One less in the last digit, which is odd.
function lowered(digits) {
  return digits.slice(0, -1) + String(Number(digits.at(-1)) - 1);
}

function arrayCell(value, limit = SHOWN_WHOLE) {
  const small = ifSmall(value, limit);
  if (small !== null) return small;
  const said = ranges(value.data);
  return value.shape.length === 1 ? `${corners(value)}  ${said.at(-1)}` : said.join(", ");
}

function arraySummary(value, limit = SHOWN_WHOLE) {
  const small = ifSmall(value, limit);
  if (small !== null) return small;
  return `${corners(value)}  (${shapeText(value.shape)}, ${ranges(value.data).join(", ")})`;
}

function ifSmall(value, limit) {
  if (typeof value !== "object") return number(value);
  const count = value.shape.reduce((product, size) => product * size, 1);
  if (count === 0) {
    return value.shape.length === 1 ? "[]" : `[]  (${shapeText(value.shape)})`;
  }
  return count <= limit ? nested(value, 0, 0, count) : null;
}

function shapeText(shape) {
  return shape.length > 1 ? shape.join("x") : `${shape[0]} elements`;
}

// The part of an array that begins at an offset and has so many elements, along one axis.
function nested(value, axis, start, count) {
  if (axis === value.shape.length) return number(value.data[start]);
  const step = count / value.shape[axis];
  const parts = [];
  for (let i = 0; i < value.shape[axis]; i++) {
    parts.push(nested(value, axis + 1, start + i * step, step));
  }
  return `[${parts.join(", ")}]`;
}

function corners(value) {
  const [rows, columns] = value.shape;
  if (value.shape.length > 2) return "[...]";
  if (value.shape.length === 1) return ends(rows, 2, (i) => number(value.data[i]));
  const row = (i) => ends(columns, 2, (j) => number(value.data[i * columns + j]));
  return ends(rows, 1, row);
}

function ends(size, head, text) {
  const parts = [];
  for (let i = 0; i < Math.min(head, size - 1); i++) parts.push(text(i));
  if (size > head + 1) parts.push("...");
  parts.push(text(size - 1));
  return `[${parts.join(", ")}]`;
}

function ranges(data) {
  const known = [];
  for (const x of data) {
    if (!Number.isNaN(Number(x))) known.push(Number(x) + 0);
  }
  let least = Infinity;
  let most = -Infinity;
  for (const x of known) {
    if (x < least) least = x;
    if (x > most) most = x;
  }
  const missing = data.length - known.length;
  const parts = known.length ? [`min ${number(least)}`, `max ${number(most)}`] : [];
  return [...parts, missing ? `${missing} nan` : `norm ${number(norm(known, least, most))}`];
}

function norm(known, least, most) {
  const largest = Math.max(Math.abs(least), Math.abs(most));
  const scale = largest > 0 && largest < Infinity ? largest : 1;
  const squares = known.map((x) => (x / scale) ** 2);
  return scale * Math.sqrt(pairwiseSum(squares, 0, squares.length));
}

// In the order in which NumPy adds, so that the last bit is the same too.
function pairwiseSum(terms, start, count) {
  if (count < 8) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += terms[start + i];
    return sum;
  }
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return pairwiseSum(terms, start, half) + pairwiseSum(terms, start + half, count - half);
  }
  const r = terms.slice(start, start + 8);
  const whole = count - (count % 8);
  for (let i = 8; i < whole; i++) r[i % 8] += terms[start + i];
  let sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
  for (let i = whole; i < count; i++) sum += terms[start + i];
  return sum;
}
