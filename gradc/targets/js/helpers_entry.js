// Helpers of emitted modules: what arguments may be, and what is refused.
//
// Invariant: errors are in the words of the Python helpers where those have them.
//
// This file is read as text by gradc.

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
    if (data instanceof Float64Array) return { shape, data };
    const numbers = Array.prototype.every.call(data, (one) => typeof one === "number");
    if (!numbers) throw new Error(`${name} has an element that is no number`);
    return { shape, data: Float64Array.from(data) };
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
