// Helpers of emitted modules for numbers: what `Math` lacks, or has otherwise.
//
// Invariant: numbers follow IEEE 754 and C99; signed zeros, infinities and NaN give what NumPy
// would give.  Each definition is written for its reader in emitted code: it stands alone but for
// the helpers that it calls by name.  An integer is a number without a fraction, and never -0.
//
// Deliberately absent: what `Math` does itself (`Math.log1p`, `Math.cbrt`).
// This file is read as text by gradc.

/** The quotient rounded down, and x / y where y is 0. */
function floordiv(x, y) {
    if (y === 0) return x / y;
    const rest = x % y;
    let quotient = (x - rest) / y; // whole but for rounding
    if (rest !== 0 && rest < 0 !== y < 0) quotient -= 1;
    if (quotient === 0) return 0 * (x / y);
    const below = Math.floor(quotient);
    return quotient - below > 0.5 ? below + 1 : below;
}

/** The remainder with the sign of y; NaN where y is 0. */
function mod(x, y) {
    const rest = x % y;
    if (rest === 0) return y < 0 ? -0 : 0;
    return rest < 0 !== y < 0 ? rest + y : rest;
}

/** The quotient of integers rounded down; 0 where y is 0, as NumPy has it. */
function int_floordiv(x, y) {
    return y === 0 ? 0 : Math.floor(x / y) + 0;
}

/** The remainder of integers with the sign of y; 0 where y is 0, as NumPy has it. */
function int_mod(x, y) {
    const rest = y === 0 ? 0 : x % y;
    return (rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest) + 0;
}

/** The index where it is one of 0 .. size - 1, else 0; an error where it is taken. */
function checked(index, size, what, taken = true) {
    if (0 <= index && index < size) return index;
    if (taken) {
        const allowed = size > 0 ? `0 .. ${size - 1}` : "none at all";
        throw new Error(`${what} is read at index ${index}; allowed is ${allowed}`);
    }
    return 0;
}

/** x**y as in C99: 1**y = 1 for any y, (-1)**inf = 1. */
function power(x, y) {
    if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
    return Math.pow(x, y);
}

/** log(1 + e**x), without overflow and accurate for x << 0. */
function log1pexp(x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e**-x), without overflow and accurate in both tails. */
function sigmoid(x) {
    const t = Math.exp(-Math.abs(x));
    return x >= 0 ? 1 / (1 + t) : t / (1 + t);
}

/** abs(x) with the sign of y, also of a zero. */
function copysign(x, y) {
    return y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x);
}

/** The smaller one of sigmoid(x) and 1 - sigmoid(x). */
function sigmoid_tail(x) {
    const t = Math.exp(-Math.abs(x));
    return t / (1 + t);
}

/** tanh(abs(x)) near 0, and the negative tanh(abs(x)) - 1 elsewhere. */
function tanh_part(x) {
    const size = Math.abs(x);
    return size < 0.55 ? Math.tanh(size) : -2 * sigmoid_tail(2 * size);
}

/** 1, 0 or -1 by the sign of x; NaN for NaN. */
function sign(x) {
    return Math.sign(x) + 0;
}

/** x where it is positive, else 0; NaN for NaN. */
function relu(x) {
    return x <= 0 ? 0 : x;
}

/** The larger of x and y; NaN if either is; of 0 and -0 it is y. */
function maximum(x, y) {
    return x > y || x !== x ? x : y;
}

/** The smaller of x and y; NaN if either is; of 0 and -0 it is y. */
function minimum(x, y) {
    return x < y || x !== x ? x : y;
}

/** The error function: Abramowitz & Stegun 7.1.5 for small x; to 2 units in the last place. */
function erf(x) {
    if (!(Math.abs(x) < 1)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
    let term = x;
    let series = 0;
    for (let n = 0; Math.abs(term) > 1e-18 * Math.abs(x); n++) {
        series += term / (2 * n + 1);
        term *= -(x * x) / (n + 1);
    }
    return x === 0 ? x : 1.1283791670955126 * series; // 2 / sqrt(pi)
}

/** 1 - erf(x): the continued fraction 7.1.14 for large x; to 4 units in the last place. */
function erfc(x) {
    if (x < 0) return 2 - erfc(-x);
    if (x < 0.75) return 1 - erf(x);
    if (!(x < 27.3)) return x >= 27.3 ? 0 : NaN;
    let fraction = x;
    for (let n = Math.ceil(20 + 200 / (x * x)); n > 0; n--) fraction = x + n / 2 / fraction;
    const high = Math.fround(x); // so that its square is exact
    const bell = Math.exp(-high * high) * Math.exp((high - x) * (high + x));
    return bell / (1.772453850905516 * fraction); // sqrt(pi)
}

// zeta(k) - 1 for k = 2, 3, ...
const ZETA = [
    0.6449340668482264, 0.2020569031595943, 0.08232323371113819,
    0.03692775514336993, 0.01734306198444914, 0.008349277381922827,
    0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853,
    0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915,
    6.124813505870483e-05, 3.058823630702049e-05, 1.528225940865187e-05,
    7.637197637899763e-06, 3.81729326499984e-06, 1.908212716553939e-06,
    9.539620338727962e-07, 4.769329867878064e-07, 2.38450502727733e-07,
    1.1921992596531106e-07, 5.960818905125948e-08, 2.980350351465228e-08,
    1.4901554828365043e-08, 7.45071178983543e-09, 3.725334024788457e-09,
    1.862659723513049e-09, 9.313274324196682e-10, 4.656629065033784e-10,
    2.3283118336765053e-10, 1.164155017270052e-10,
];

// Bernoulli numbers B(2k) / (2k)!
const BERNOULLI = [
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160,
    -691 / 1307674368000, 1 / 74724249600, -3617 / 10670622842880000,
];

/** log|Gamma(x)|; inf at 0, -1, -2, ...; to 4 units in the last place, or of 1 near its zeros
 * below 0.
 */
function lgamma(x) {
    if (Math.abs(x) === Infinity || (x <= 0 && x === Math.floor(x))) return Infinity;
    if (Math.abs(x) < 1e-17) return -Math.log(Math.abs(x));
    if (x < 0) {
        const sine = Math.sin(Math.PI * (x - Math.round(x)));
        return Math.log(Math.PI / Math.abs(x * sine)) - lgamma(-x);
    }
    if (x < 0.5) return lgamma_near_1(x) - Math.log(x);
    if (x < 1.5) return lgamma_near_1(x - 1);
    let below = 1;
    while (x > 2.5 && x < 9) {
        x -= 1;
        below *= x;
    }
    if (x <= 2.5) return lgamma_near_2(x - 2) + Math.log(below);
    let series = 0; // Stirling's, 6.1.41
    let factor = 1 / x;
    BERNOULLI.forEach((b, k) => {
        series += b * factor;
        factor *= (2 * k + 1) * (2 * k + 2) / (x * x);
    });
    return (x - 0.5) * (Math.log(x) - 1) + (0.4189385332046727 + series); // log(2 pi / e) / 2
}

/** log Gamma(2 + z) for |z| <= 1/2: Abramowitz & Stegun 6.1.33. */
function lgamma_near_2(z) {
    let series = 0;
    for (let k = ZETA.length + 1; k >= 2; k--) series = ZETA[k - 2] / k - z * series;
    return z * (0.42278433509846713 + z * series); // 1 - Euler's constant
}

/** log Gamma(1 + z) for |z| <= 1/2. */
function lgamma_near_1(z) {
    return lgamma_near_2(z) - Math.log1p(z);
}

/** Derivative n of digamma; at 0, -1, ... inf for odd n, else NaN (-inf at 0). */
function polygamma(n, x) {
    if (x <= 0 && !(x - Math.floor(x) > 0)) {
        if (n % 2 === 1) return Infinity;
        return x < 0 ? NaN : Object.is(x, -0) ? Infinity : -Infinity;
    }
    const odd = n % 2 === 1 ? -1 : 1;
    if (x < 0) return odd * polygamma(n, 1 - x) - cot_derivative(n, x);
    // Raise x by recurrence until the asymptotic series (Euler-Maclaurin) is exact.
    let series = 0;
    for (; x < 12 + n; x++) series += Math.pow(x, -n - 1);
    series += n > 0 ? Math.pow(x, -n) / n : -Math.log(x);
    series += Math.pow(x, -n - 1) / 2;
    let term = (n + 1) * Math.pow(x, -n - 2);
    BERNOULLI.forEach((b, k) => {
        series += b * term;
        term *= (n + 2 * k + 2) * (n + 2 * k + 3) / (x * x);
    });
    let factorial = 1;
    for (let k = 2; k <= n; k++) factorial *= k;
    return -odd * factorial * series;
}

/** Derivative n of pi * cot(pi * x), a polynomial in the cotangent; x no integer. */
function cot_derivative(n, x) {
    const cot = 1 / Math.tan(Math.PI * (x - Math.round(x)));
    let coefficients = [0, 1];
    for (let step = 0; step < n; step++) { // by cot' = -pi * (1 + cot**2)
        const slope = coefficients.map((c, k) => -k * c).slice(1);
        coefficients = [...slope, 0, 0].map((c, k) => c + (k < 2 ? 0 : slope[k - 2]));
    }
    const value = coefficients.reduceRight((value, c) => value * cot + c);
    return Math.pow(Math.PI, n + 1) * value;
}
