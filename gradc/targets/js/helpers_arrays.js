// Helpers of emitted modules for arrays: objects {shape, data} with the lengths of the axes and
// the elements in row-major order.  `data` is a Float64Array for numbers, integers included, and
// an Array for truth values; an array of no axes is the number itself.
//
// Invariant: no helper changes an array that it is given, but those that say so: an array may
// share its data with another.  Elements are those that NumPy would give; nothing is raised for
// any value.
//
// This file is read as text by gradc.

// Shapes and places

/** The number of elements of a shape. */
function size_of(shape) {
    return shape.reduce((size, length) => size * length, 1);
}

/** How far apart neighbours on each axis are in the data. */
function strides(shape) {
    const steps = new Array(shape.length);
    let step = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
        steps[axis] = step;
        step *= shape[axis];
    }
    return steps;
}

/** Where the elements of a shape are, with so many steps between neighbours on each axis. */
function offsets(shape, steps, start = 0) {
    let found = Int32Array.of(start);
    shape.forEach((length, axis) => {
        const next = new Int32Array(found.length * length);
        let k = 0;
        for (const base of found) {
            for (let i = 0; i < length; i++) next[k++] = base + i * steps[axis];
        }
        found = next;
    });
    return found;
}

/** The axes of a shape that are not among some. */
function other_axes(shape, axes) {
    return shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
}

/** The array of the elements at some places; the element itself where there are no axes. */
function take(x, { shape, at }) {
    if (shape.length === 0) return x.data[at[0]];
    const data = new x.data.constructor(at.length);
    for (let k = 0; k < at.length; k++) data[k] = x.data[at[k]];
    return { shape, data };
}

/** The places of a part of an array: for each axis a position, [start, stop], or null for all. */
function range_places(shape, items) {
    const steps = strides(shape);
    const lengths = [];
    const kept = [];
    let start = 0;
    items.forEach((item, axis) => {
        const [from, to] = item === null ? [0, shape[axis]] : [item].flat();
        start += from * steps[axis];
        if (to === undefined) return;
        lengths.push(to - from);
        kept.push(steps[axis]);
    });
    return { shape: lengths, at: offsets(lengths, kept, start) };
}

/** The places at indices on some axes.
 *
 * The axes of the indices stand where the indexed axes were, if those are neighbours, and at the
 * front otherwise.
 */
function index_places(shape, axes, indices) {
    const steps = strides(shape);
    const common = indices.find((index) => typeof index !== "number")?.shape ?? [];
    const starts = new Int32Array(size_of(common));
    axes.forEach((axis, k) => {
        const index = elements(indices[k], common);
        for (let p = 0; p < starts.length; p++) starts[p] += index[p] * steps[axis];
    });
    const others = other_axes(shape, axes);
    const neighbours = axes[axes.length - 1] - axes[0] === axes.length - 1;
    const before = others.filter((axis) => neighbours && axis < axes[0]);
    const behind = others.filter((axis) => !before.includes(axis));
    const [lengths, rest] = [before, behind].map((some) => some.map((axis) => shape[axis]));
    const inner = offsets(rest, behind.map((axis) => steps[axis]));
    const at = [];
    for (const first of offsets(lengths, before.map((axis) => steps[axis]))) {
        for (const start of starts) {
            for (const place of inner) at.push(first + start + place);
        }
    }
    return { shape: [...lengths, ...common, ...rest], at };
}

// Making and changing arrays

/** Zeros of a shape. */
function zeros(shape) {
    return { shape, data: new Float64Array(size_of(shape)) };
}

/** An array with the same element everywhere. */
function full(shape, value) {
    const data = typeof value === "boolean" ? new Array(size_of(shape)) : zeros(shape).data;
    return { shape, data: data.fill(value) };
}

/** An array of its own with the same elements. */
function copy(x) {
    return { shape: x.shape, data: x.data.slice() };
}

/** The integers 0, 1, ... below a size. */
function iota(size) {
    return { shape: [size], data: Float64Array.from({ length: size }, (_, i) => i) };
}

/** The elements of a number or an array, repeated to a shape. */
function elements(x, shape) {
    return broadcast_to(x, shape).data;
}

/** A number, or an array with lengths of 1, repeated to a shape. */
function broadcast_to(x, shape) {
    if (x.shape === undefined) return full(shape, x);
    if (x.shape.every((length, axis) => length === shape[axis])) return x;
    const steps = strides(x.shape).map((step, axis) => (x.shape[axis] === 1 ? 0 : step));
    return take(x, { shape, at: offsets(shape, steps) });
}

/** An array with its axes at some of so many, and with length 1 on the others. */
function spread(x, axes, rank) {
    const shape = new Array(rank).fill(1);
    axes.forEach((axis, k) => (shape[axis] = x.shape[k]));
    return { shape, data: x.data };
}

/** Put a value, repeated as need be, into the row of an array at an index; changes the array. */
function put(array, index, value) {
    const shape = array.shape.slice(index.length);
    const size = size_of(shape);
    const steps = strides(array.shape);
    const start = index.reduce((place, i, axis) => place + i * steps[axis], 0);
    const row = elements(value, shape);
    for (let k = 0; k < size; k++) array.data[start + k] = row[k];
}

/** Add to all elements of an array; changes the array. */
function add_to(array, part, factor = 1) {
    const added = elements(part, array.shape);
    for (let k = 0; k < added.length; k++) array.data[k] += factor * added[k];
}

/** Add to the elements of an array at some places, which may repeat; changes the array. */
function add_at(array, { shape, at }, value, factor = 1) {
    const added = elements(value, shape);
    for (let k = 0; k < at.length; k++) array.data[at[k]] += factor * added[k];
}

// Moving elements

/** The elements with the axes in another order. */
function transpose(x, axes) {
    const steps = strides(x.shape);
    const shape = axes.map((axis) => x.shape[axis]);
    return take(x, { shape, at: offsets(shape, axes.map((axis) => steps[axis])) });
}

/** The same elements under another shape. */
function reshape(x, shape) {
    return shape.length === 0 ? x.data[0] : { shape, data: (x.shape ? x : stack([x])).data };
}

/** A part of an array: for each axis a position, [start, stop], or null for all. */
function slice(x, items) {
    return take(x, range_places(x.shape, items));
}

/** Zeros of a shape, with a value at a part of it. */
function embed(value, shape, items) {
    const out = zeros(shape);
    add_at(out, range_places(shape, items), value);
    return out;
}

/** The elements at indices on some axes; zeros where there is no element at all. */
function gather(x, axes, indices) {
    const places = index_places(x.shape, axes, indices);
    if (x.data.length > 0) return take(x, places);
    const zero = Array.isArray(x.data) ? false : 0;
    return places.shape.length === 0 ? zero : full(places.shape, zero);
}

/** Zeros of a shape, with a value added at indices; what falls on one place adds up. */
function scatter_add(value, shape, axes, indices) {
    const out = zeros(shape);
    if (out.data.length > 0) add_at(out, index_places(shape, axes, indices), value);
    return out;
}

/** Arrays one after another along an axis. */
function concat(parts, axis = 0) {
    const length = parts.reduce((size, part) => size + part.shape[axis], 0);
    const shape = parts[0].shape.map((n, k) => (k === axis ? length : n));
    const before = size_of(shape.slice(0, axis));
    const data = new parts[0].data.constructor(size_of(shape));
    let place = 0;
    for (let row = 0; row < before; row++) {
        for (const part of parts) {
            const block = part.data.length / before;
            for (let k = 0; k < block; k++) data[place++] = part.data[row * block + k];
        }
    }
    return { shape, data };
}

/** Numbers, or arrays of one shape, as the elements of a new axis. */
function stack(parts, axis = 0) {
    if (parts[0].shape === undefined) {
        const data = typeof parts[0] === "boolean" ? parts : Float64Array.from(parts);
        return { shape: [parts.length], data };
    }
    const { shape: each } = parts[0];
    const shape = [...each.slice(0, axis), 1, ...each.slice(axis)];
    return concat(parts.map((part) => reshape(part, shape)), axis);
}

/** The diagonal of each matrix. */
function diagonal(x) {
    const shape = x.shape.slice(0, -1);
    const steps = strides(x.shape);
    const last = steps.pop() + steps.pop();
    return take(x, { shape, at: offsets(shape, [...steps, last]) });
}

/** For each row on the last axis, the matrix with that diagonal and zeros around it. */
function diagonal_matrix(x) {
    const n = x.shape[x.shape.length - 1];
    const out = zeros([...x.shape, n]);
    x.data.forEach((value, k) => (out.data[k * n + (k % n)] = value));
    return out;
}

// Elementwise

/** f of the corresponding elements of arrays, which are repeated along axes of length 1. */
function map(f, ...operands) {
    const shape = common_shape(operands);
    return { shape, data: mapped(f, operands, shape, new Float64Array(size_of(shape))) };
}

/** As `map`, for a function that gives truth values. */
function map_truths(f, ...operands) {
    const shape = common_shape(operands);
    return { shape, data: mapped(f, operands, shape, new Array(size_of(shape))) };
}

/** The shape that operands have together. */
function common_shape(operands) {
    const [first, ...others] = operands.filter((x) => x.shape !== undefined);
    const join = (shape, x) => shape.map((n, axis) => (n === 1 ? x.shape[axis] : n));
    return others.reduce(join, first.shape);
}

/** Fill `out` with f of the elements of operands, repeated to a shape. */
function mapped(f, operands, shape, out) {
    const [x, y, z] = operands.map((operand) => elements(operand, shape));
    switch (operands.length) {
        case 1:
            for (let k = 0; k < out.length; k++) out[k] = f(x[k]);
            return out;
        case 2:
            for (let k = 0; k < out.length; k++) out[k] = f(x[k], y[k]);
            return out;
        case 3:
            for (let k = 0; k < out.length; k++) out[k] = f(x[k], y[k], z[k]);
            return out;
    }
    const columns = operands.map((operand) => elements(operand, shape));
    for (let k = 0; k < out.length; k++) out[k] = f(...columns.map((data) => data[k]));
    return out;
}

/** Each index where it is one of 0 .. size - 1, else 0; an error where one is taken. */
function checked_all(index, size, what, taken = true) {
    const wanted = elements(taken, index.shape);
    const data = index.data.map((i, k) => checked(i, size, what, wanted[k]));
    return { shape: index.shape, data };
}

// Reductions

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
    const [operands, result] = spec.split("->");
    const [left, right] = operands.split(",");
    const lengths = new Map();
    const steps_of = (letters, operand) => {
        const found = new Map();
        strides(operand.shape ?? []).forEach((step, axis) => {
            const letter = letters[axis];
            lengths.set(letter, operand.shape[axis]);
            found.set(letter, (found.get(letter) ?? 0) + step);
        });
        return (some) => offsets(some.map((c) => lengths.get(c)), some.map((c) => found.get(c) ?? 0));
    };
    const [places_x, places_y] = [steps_of(left, x), steps_of(right, y)];
    const kept = [...result];
    const summed = [...lengths.keys()].filter((letter) => !kept.includes(letter));
    const [a, b] = [x.data ?? [x], y.data ?? [y]];
    const [starts_a, along_a] = [places_x(kept), places_x(summed)];
    const [starts_b, along_b] = [places_y(kept), places_y(summed)];
    const data = new Float64Array(starts_a.length);
    for (let k = 0; k < data.length; k++) {
        const [i, j] = [starts_a[k], starts_b[k]];
        let value = summed.length > 0 ? 0 : -0;
        for (let m = 0; m < along_a.length; m++) value += a[i + along_a[m]] * b[j + along_b[m]];
        data[k] = value;
    }
    return kept.length === 0 ? data[0] : { shape: kept.map((c) => lengths.get(c)), data };
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

// Linear algebra

/** f of each matrix, as its rows in one Float64Array, and its size; the results in a shape. */
function per_matrix(a, shape, f) {
    const n = a.shape[a.shape.length - 1];
    const many = size_of(a.shape.slice(0, -2));
    const results = Array.from({ length: many }, (_, k) =>
        f(a.data.slice(k * n * n, (k + 1) * n * n), n, k),
    );
    if (shape.length === 0) return results[0];
    return { shape, data: Float64Array.from(results.flatMap((one) => [one].flat())) };
}

/** LU factors of a matrix, in its place, with the largest pivot of each column.
 *
 * Gives the order of the rows and its parity, 1 or -1; a pivot is 0 where it is singular.
 */
function factored(a, n) {
    const order = Array.from({ length: n }, (_, i) => i);
    let parity = 1;
    for (let k = 0; k < n; k++) {
        let pivot = k;
        for (let i = k + 1; i < n; i++) {
            if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
        }
        if (pivot !== k) {
            parity = -parity;
            [order[k], order[pivot]] = [order[pivot], order[k]];
            for (let j = 0; j < n; j++) {
                [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
            }
        }
        if (a[k * n + k] === 0) continue;
        for (let i = k + 1; i < n; i++) {
            const factor = (a[i * n + k] /= a[k * n + k]);
            for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return { order, parity };
}

/** The diagonal of a square matrix. */
function pivots_of(a, n) {
    return Array.from({ length: n }, (_, i) => a[i * n + i]);
}

/** The solution of a @ x = y for `columns` columns; NaN where the matrix is singular. */
function solved(a, n, y, columns) {
    const { order } = factored(a, n);
    const x = new Array(n * columns);
    if (pivots_of(a, n).includes(0)) return x.fill(NaN);
    for (let c = 0; c < columns; c++) {
        for (let i = 0; i < n; i++) {
            let value = y[order[i] * columns + c];
            for (let j = 0; j < i; j++) value -= a[i * n + j] * x[j * columns + c];
            x[i * columns + c] = value;
        }
        for (let i = n - 1; i >= 0; i--) {
            let value = x[i * columns + c];
            for (let j = i + 1; j < n; j++) value -= a[i * n + j] * x[j * columns + c];
            x[i * columns + c] = value / a[i * n + i];
        }
    }
    return x;
}

/** The solution x of a @ x = y, for each matrix; NaN where it is singular. */
function solve(a, y) {
    const columns = y.shape.length < a.shape.length ? 1 : y.shape[y.shape.length - 1];
    return per_matrix(a, y.shape, (one, n, k) => {
        const size = n * columns;
        return solved(one, n, y.data.slice(k * size, (k + 1) * size), columns);
    });
}

/** The inverse of each matrix; NaN where it is singular. */
function inv(a) {
    return per_matrix(a, a.shape, (one, n) => {
        const identity = new Float64Array(n * n);
        for (let i = 0; i < n; i++) identity[i * n + i] = 1;
        return solved(one, n, identity, n);
    });
}

/** The determinant of each matrix. */
function det(a) {
    return per_matrix(a, a.shape.slice(0, -2), (one, n) => {
        const { parity } = factored(one, n);
        return pivots_of(one, n).reduce((product, pivot) => product * pivot, parity);
    });
}

/** log|det(a)| of each matrix, without overflow; -inf if it is singular. */
function logdet(a) {
    return per_matrix(a, a.shape.slice(0, -2), (one, n) => {
        factored(one, n);
        const pivots = pivots_of(one, n);
        if (pivots.includes(0)) return -Infinity;
        return total(pivots.map((pivot) => Math.log(Math.abs(pivot))));
    });
}

/** The matrix of cofactors, det(a) * inv(a).T, also where a is singular.
 *
 * Cofactors of a product are the products of cofactors, and those of triangular factors with a
 * diagonal of ones are their inverses; so of `a = P L D U Q`, with the largest of all elements
 * as pivots, nothing is divided by a pivot that is zero.
 */
function cofactors(a) {
    return per_matrix(a, a.shape, (one, n) => {
        if (!one.every(Number.isFinite)) return new Array(n * n).fill(NaN);
        const rows = Array.from({ length: n }, (_, i) => i);
        const columns = [...rows];
        const at = (i, j) => rows[i] * n + columns[j];
        let parity = 1;
        for (let k = 0; k < n; k++) {
            let [row, column] = [k, k];
            for (let i = k; i < n; i++) {
                for (let j = k; j < n; j++) {
                    if (Math.abs(one[at(i, j)]) > Math.abs(one[at(row, column)])) [row, column] = [i, j];
                }
            }
            if (row !== k) parity = -parity;
            if (column !== k) parity = -parity;
            [rows[k], rows[row]] = [rows[row], rows[k]];
            [columns[k], columns[column]] = [columns[column], columns[k]];
            const pivot = one[at(k, k)];
            for (let j = k + 1; j < n; j++) one[at(k, j)] = pivot === 0 ? 0 : one[at(k, j)] / pivot;
            for (let i = k + 1; i < n; i++) {
                for (let j = k + 1; j < n; j++) one[at(i, j)] -= one[at(i, k)] * one[at(k, j)];
            }
            for (let i = k + 1; i < n; i++) one[at(i, k)] = pivot === 0 ? 0 : one[at(i, k)] / pivot;
        }
        const pivots = Float64Array.from(rows, (_, k) => one[at(k, k)]);
        const scales = products_of_others(pivots).map((product) => parity * product);
        const out = new Array(n * n);
        for (let c = 0; c < n; c++) {
            // One column of L.T**-1 @ (D's cofactors) @ U.T**-1.
            const x = new Float64Array(n);
            x[c] = 1;
            for (let i = 0; i < n; i++) {
                for (let j = 0; j < i; j++) x[i] -= one[at(j, i)] * x[j];
            }
            for (let i = 0; i < n; i++) x[i] *= scales[i];
            for (let i = n - 1; i >= 0; i--) {
                for (let j = i + 1; j < n; j++) x[i] -= one[at(j, i)] * x[j];
            }
            for (let i = 0; i < n; i++) out[at(i, c)] = x[i];
        }
        return out;
    });
}

/** The lower factor of (a + a.T) / 2; NaN if that is not positive definite. */
function cholesky(a) {
    return per_matrix(a, a.shape, (one, n) => {
        const out = new Array(n * n).fill(0);
        for (let i = 0; i < n; i++) {
            for (let j = 0; j <= i; j++) {
                let value = (one[i * n + j] + one[j * n + i]) / 2;
                for (let k = 0; k < j; k++) value -= out[i * n + k] * out[j * n + k];
                if (i === j && !(value > 0)) return out.fill(NaN);
                out[i * n + j] = i === j ? Math.sqrt(value) : value / out[j * n + j];
            }
        }
        return out;
    });
}

/** The lower triangle, with the diagonal halved. */
function lower_half(a) {
    return per_matrix(a, a.shape, (one, n) =>
        Array.from(one, (value, k) => {
            const [i, j] = [Math.floor(k / n), k % n];
            return i > j ? value : i === j ? value / 2 : 0;
        }),
    );
}

// What is given

/** The value as numbers; an error unless it has so many axes (0 for a scalar). */
function as_array(name, value, rank) {
    const { shape, data } = given(name, value);
    if (shape.length !== rank) {
        throw new Error(`${name} has ${shape.length} axes, expected ${rank}`);
    }
    return rank === 0 ? data[0] : { shape, data };
}

/** The value as integers; an error unless it is of them and has so many axes. */
function as_int_array(name, value, rank) {
    const array = as_array(name, value, rank);
    const whole = (i) => {
        if (!Number.isInteger(i)) throw new Error(`${name} has float64 elements, expected integers`);
        return i + 0;
    };
    return rank === 0 ? whole(array) : { shape: array.shape, data: array.data.map(whole) };
}

/** The shape and the elements of a number, of nested arrays, or of {shape, data}. */
function given(name, value) {
    if (typeof value === "number") return { shape: [], data: [value] };
    if (ArrayBuffer.isView(value)) return given(name, { shape: [value.length], data: value });
    if (Array.isArray(value)) return nested(name, value);
    const { shape, data } = value ?? {};
    if (!Array.isArray(shape) || data?.length !== size_of(shape)) {
        throw new Error(`${name} is no number and no array`);
    }
    const wrong = Array.prototype.find.call(data, (one) => typeof one !== "number");
    if (wrong !== undefined) throw new Error(`${name} has an element that is no number`);
    return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** The shape and the elements of nested arrays. */
function nested(name, value) {
    const shape = [];
    let rows = [value];
    while (rows.length > 0 && Array.isArray(rows[0])) {
        const { length } = rows[0];
        if (!rows.every((row) => Array.isArray(row) && row.length === length)) {
            throw new Error(`${name} has rows of different lengths`);
        }
        shape.push(length);
        rows = rows.flat();
    }
    return given(name, { shape, data: rows });
}

/** An error unless the array has the shape. */
function check_shape(name, array, shape) {
    if (array.shape.every((length, axis) => length === shape[axis])) return;
    const [found, expected] = [array.shape, shape].map(
        (lengths) => `(${lengths.join(", ")}${lengths.length === 1 ? "," : ""})`,
    );
    throw new Error(`${name} has shape ${found}, expected ${expected}`);
}

/** An error that tells the fault unless the size is large enough. */
function check_size(size, least, fault) {
    if (size < least) throw new Error(fault);
}

/** An error unless every integer is one of 0, 1, ..., stop - 1. */
function check_range(name, array, stop) {
    if (!(array.data ?? [array]).every((i) => 0 <= i && i < stop)) {
        throw new Error(`${name} has integers outside 0 .. ${stop - 1}`);
    }
}
