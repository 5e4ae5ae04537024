// Helpers of emitted modules: reductions of arrays, and what is normalised by them.
//
// Invariant: elements are those that NumPy would give, but for rounding; nothing is raised for any
// value.  Functions work on one line of elements at a time, in an array of its own.
//
// This file is read as text by gradc.

/** f of the elements along some axes, or of all. */
function reduce(x, axes, f) {
    if (axes === undefined) return f(x.data);
    const steps = strides(x.shape);
    const kept = other_axes(x.shape, axes);
    const shape = kept.map((axis) => x.shape[axis]);
    const along = offsets(axes.map((axis) => x.shape[axis]), axes.map((axis) => steps[axis]));
    const results = Array.from(offsets(shape, kept.map((axis) => steps[axis])), (start) =>
        f(along_from(x.data, along, start)),
    );
    return { shape, data: typeof results[0] === "boolean" ? results : Float64Array.from(results) };
}

/** The elements at some distances from a place. */
function along_from(data, along, start) {
    const line = new data.constructor(along.length);
    for (let k = 0; k < along.length; k++) line[k] = data[start + along[k]];
    return line;
}

/** f of the elements of arrays along some axes, or of all; it gives as many elements. */
function transform(f, axes, ...operands) {
    const { shape } = operands[0];
    if (axes === undefined) return { shape, data: f(...operands.map((x) => x.data)) };
    const steps = strides(shape);
    const out = zeros(shape);
    const kept = other_axes(shape, axes);
    const along = offsets(axes.map((axis) => shape[axis]), axes.map((axis) => steps[axis]));
    const starts = offsets(kept.map((axis) => shape[axis]), kept.map((axis) => steps[axis]));
    for (const start of starts) {
        const line = f(...operands.map((x) => along_from(x.data, along, start)));
        for (let k = 0; k < along.length; k++) out.data[start + along[k]] = line[k];
    }
    return out;
}

/** The sum along some axes, or of all elements. */
function sum(x, axes) {
    return reduce(x, axes, total);
}

/** The sum of some elements; half and half, so that rounding errors stay small. */
function total(line, from = 0, to = line.length) {
    if (to - from > 128) {
        const middle = (from + to) >> 1;
        return total(line, from, middle) + total(line, middle, to);
    }
    let result = 0;
    for (let k = from; k < to; k++) result += line[k];
    return result;
}

/** The product along some axes, or of all elements. */
function prod(x, axes) {
    return reduce(x, axes, (line) => line.reduce((product, value) => product * value, 1));
}

/** The product of integers along some axes, or of all elements. */
function int_prod(x, axes) {
    return reduce(x, axes, (line) => line.reduce((product, value) => product * value, 1) + 0);
}

/** The largest element along some axes, or of all; `least` where there is none. */
function max(x, axes, least = -Infinity) {
    return reduce(x, axes, (line) => line.reduce((top, value) => Math.max(top, value), least));
}

/** The smallest element along some axes, or of all; `most` where there is none. */
function min(x, axes, most = Infinity) {
    return reduce(x, axes, (line) => line.reduce((low, value) => Math.min(low, value), most));
}

/** How many elements hold along some axes, or of all. */
function count(x, axes) {
    return reduce(x, axes, (line) => line.filter((value) => value).length);
}

/** Whether any element holds along some axes, or of all. */
function any(x, axes) {
    return truths(reduce(x, axes, (line) => line.includes(true)));
}

/** Whether all elements hold along some axes, or of all. */
function all(x, axes) {
    return truths(reduce(x, axes, (line) => !line.includes(false)));
}

/** An array of truth values as such where it has no elements to tell. */
function truths(x) {
    return x.shape === undefined ? x : { shape: x.shape, data: Array.from(x.data) };
}

/** The place of the largest element along an axis, the first of ties; a NaN is the largest. */
function argmax(x, axes) {
    return reduce(x, axes, (line) => place_of(line, (value, top) => value > top, "argmax"));
}

/** The place of the smallest element along an axis, the first of ties; a NaN is the smallest. */
function argmin(x, axes) {
    return reduce(x, axes, (line) => place_of(line, (value, low) => value < low, "argmin"));
}

/** The place of the first element before which no other comes; a NaN is first. */
function place_of(line, comes_before, name) {
    if (line.length === 0) throw new Error(`attempt to get ${name} of an empty sequence`);
    let place = 0;
    for (let k = 1; k < line.length; k++) {
        const better = comes_before(line[k], line[place]) || Number.isNaN(line[k]);
        if (better && !Number.isNaN(line[place])) place = k;
    }
    return place;
}

/** For each element, the product of all others on the last axis. */
function prod_others(x) {
    return transform(products_of_others, [x.shape.length - 1], x);
}

/** For each element of a line, the product of all others. */
function products_of_others(line) {
    const out = new Float64Array(line.length).fill(1);
    for (let k = 1; k < line.length; k++) out[k] = out[k - 1] * line[k - 1];
    let behind = 1;
    for (let k = line.length - 1; k >= 0; k--) {
        out[k] *= behind;
        behind *= line[k];
    }
    return out;
}

/** The sum of products over shared indices: `contract("ij,jk->ik", a, b)`. */
function contract(spec, x, y) {
    const [left, right, result] = spec.split(/,|->/);
    const lengths = new Map();
    const [steps_x, steps_y] = [steps_of(left, x, lengths), steps_of(right, y, lengths)];
    const kept = [...result];
    const summed = [...lengths.keys()].filter((letter) => !kept.includes(letter));
    const places = (letters, steps) =>
        offsets(letters.map((c) => lengths.get(c)), letters.map((c) => steps.get(c) ?? 0));
    const [starts_x, starts_y] = [places(kept, steps_x), places(kept, steps_y)];
    // The last index that is summed over is counted through, the others are looked up.
    const last = summed.pop();
    const [along_x, along_y] = [places(summed, steps_x), places(summed, steps_y)];
    const length = last === undefined ? 1 : lengths.get(last);
    const [step_x, step_y] = [steps_x.get(last) ?? 0, steps_y.get(last) ?? 0];
    const [a, b] = [x.data ?? [x], y.data ?? [y]];
    const data = new Float64Array(starts_x.length);
    for (let k = 0; k < data.length; k++) {
        let value = last === undefined ? -0 : 0;
        for (let m = 0; m < along_x.length; m++) {
            let [i, j] = [starts_x[k] + along_x[m], starts_y[k] + along_y[m]];
            for (let n = 0; n < length; n++) {
                value += a[i] * b[j];
                i += step_x;
                j += step_y;
            }
        }
        data[k] = value;
    }
    return kept.length === 0 ? data[0] : { shape: kept.map((c) => lengths.get(c)), data };
}

/** How far apart neighbours along each index are in an operand; notes the lengths. */
function steps_of(letters, operand, lengths) {
    const found = new Map();
    strides(operand.shape ?? []).forEach((step, axis) => {
        lengths.set(letters[axis], operand.shape[axis]);
        found.set(letters[axis], (found.get(letters[axis]) ?? 0) + step);
    });
    return found;
}

/** log(sum(e**x)), without overflow; -inf if there is nothing or only -inf. */
function logsumexp(x, axes) {
    return reduce(x, axes, (line) => {
        const top = line.reduce((a, b) => Math.max(a, b), -Infinity);
        const rest = line.map((value) => (value === top ? 0 : Math.exp(value - top)));
        const ties = line.filter((value) => value === top).length;
        return top + Math.log1p(ties - 1 + total(rest));
    });
}

/** e**x / sum(e**x), without overflow; the largest share alike if infinite. */
function softmax(x, axes) {
    return transform((line) => {
        const top = line.reduce((a, b) => Math.max(a, b), -Infinity);
        const weights = line.map((value) => (value === top ? 1 : Math.exp(value - top)));
        const whole = total(weights);
        return weights.map((weight) => weight / whole);
    }, axes, x);
}

/** p * (t - sum(p * t)) for weights p, without cancellation where one is near 1. */
function softmax_product(p, t, axes) {
    // The sum of the result is 0, and adding a constant to t does not change it.
    return transform((p, t) => {
        const main = Array.from(p, (weight) => weight > 0.6);
        const shift = total(t.map((value, k) => (main[k] ? value : 0)));
        const moved = t.map((value) => value - shift);
        const rest = p.map((weight, k) => (main[k] ? 0 : weight));
        const mean = total(rest.map((weight, k) => weight * moved[k]));
        const out = rest.map((weight, k) => weight * (moved[k] - mean));
        const lost = total(out);
        return out.map((value, k) => (main[k] ? -lost : value));
    }, axes, p, t);
}

/** x * 2**exponent, without overflow in between. */
function scale(x, exponent) {
    const half = Math.trunc(exponent / 2);
    return x * 2 ** half * 2 ** (exponent - half);
}

/** A number near log2 of the largest absolute value, so that scaled squares neither overflow nor
 * underflow; 0 where it is 0, infinite or NaN.
 */
function exponent_of(line) {
    const top = line.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return top > 0 && top < Infinity ? Math.floor(Math.log2(top)) : 0;
}

/** The square root of the sum of squares, without overflow or underflow. */
function norm(x, axes) {
    return reduce(x, axes, (line) => {
        const exponent = exponent_of(line);
        const scaled = line.map((value) => scale(value, -exponent));
        const length = Math.sqrt(total(scaled.map((value) => value * value)));
        return line.some(Number.isNaN) ? NaN : scale(length, exponent);
    });
}

/** x / norm(x), without overflow or underflow; 0 if x is; infinities share alike. */
function unit(x, axes) {
    return transform((line) => {
        const exponent = exponent_of(line);
        const infinite = line.some((value) => Math.abs(value) === Infinity);
        const scaled = line.map((value) => {
            if (!infinite || line.some(Number.isNaN)) return scale(value, -exponent);
            return Math.abs(value) === Infinity ? Math.sign(value) : 0;
        });
        const length = Math.sqrt(total(scaled.map((value) => value * value)));
        return scaled.map((value) => value / (length === 0 ? 1 : length));
    }, axes, x);
}

/** t - u * sum(u * t) for a unit vector u, without cancellation where it is along an axis. */
function rejection(u, t, axes) {
    // The result is at right angles to u, and adding a multiple of u to t does not change it.
    return transform((u, t) => {
        const main = Array.from(u, (value) => value * value > 0.6);
        const largest = total(u.map((value, k) => (main[k] ? value : 0)));
        const divisor = largest === 0 ? 1 : largest;
        const multiple = total(t.map((value, k) => (main[k] ? value : 0))) / divisor;
        const rest = u.map((value, k) => (main[k] ? 0 : value));
        const moved = t.map((value, k) => (main[k] ? 0 : value - multiple * u[k]));
        const along = total(rest.map((value, k) => value * moved[k]));
        const out = moved.map((value, k) => value - rest[k] * along);
        const lost = total(out.map((value, k) => u[k] * value)) / divisor;
        return out.map((value, k) => (main[k] ? -lost : value));
    }, axes, u, t);
}
