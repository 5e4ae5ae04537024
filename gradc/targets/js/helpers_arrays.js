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
