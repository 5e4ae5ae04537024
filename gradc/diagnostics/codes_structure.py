"""The codes of what can be wrong with indices, functions, loops and derivatives inside a program.

Entries of the table in `codes`.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode


def _loops(count: int) -> str:
    """A program with so many loops within one another."""
    first = (f"loop t{i} in 2 carry h{i} = {f'h{i - 1}' if i else 'a'} {{" for i in range(count))
    last = (f"h{i} = {f'h{i + 1}' if i < count - 1 else f'h{i}*a'}\n}}" for i in range(count))
    return "\n".join([*first, *reversed(list(last)), "J = h0"])


STRUCTURE_CODES: dict[str, ErrorCode] = {
    "G0214": ErrorCode(
        "Not a new index",
        "An index is a name of its own, known only in its equation: it cannot be the name of a "
        "quantity, a size or another index that is already there.",
        bad="input x[N], i\ny = sum[i](x[i])",
        good="input x[N], i\ny = i*sum[k](x[k])",
    ),
    "G0215": ErrorCode(
        "An index without a range",
        "An index runs over the axes that it indexes. Where it indexes none, or only inside a "
        "branch, its range is stated: `i in N`. A range that ends at a computed number needs one "
        "with a bound: an index, a size, or an input declared `in N`.",
        bad="input x[N]\ny[i] = sum[j](x[j])\nJ = sum(y)",
        good="input x[N]\ny[i in N] = sum[j](x[j])\nJ = sum(y)",
    ),
    "G0216": ErrorCode(
        "Not a range",
        "A range is `N`, `a:b` or `a:b:step`. The step is a whole number other than 0, known at "
        "compile time; a range whose ends depend on an index has none.",
        bad="input x[N]\nJ = sum[i in 0:N:0](x[i])",
        good="input x[N]\nJ = sum[i in 0:N:2](x[i])",
    ),
    "G0217": ErrorCode(
        "A definition starts at 0",
        "The indices of a left-hand side count the elements that are defined, from 0. A range that "
        "starts elsewhere is a shift, written on the right-hand side.",
        bad="input x[N]\nz[i in 1:N] = x[i] - x[i-1]\nJ = sum(z)",
        good="input x[N]\nz[i] = x[i+1] - x[i]\nJ = sum(z)",
    ),
    "G0218": ErrorCode(
        "An index with two ranges",
        "All axes that an index runs over must have one size. Where only part of one is meant, the "
        "range is stated.",
        bad="input x[N], y[M]\nJ = sum[i](x[i]*y[i])",
        good="input x[N], y[N]\nJ = sum[i](x[i]*y[i])",
    ),
    "G0221": ErrorCode(
        "A function that calls itself",
        "Functions are not recursive: every call is known before anything runs. What repeats is a "
        "loop.",
        bad="def f(x) = x*f(x - 1)\nJ = f(a)",
        good="loop k in 5 carry p = 1 {\n    p = p*(a - k)\n}\nJ = p",
    ),
    "G0222": ErrorCode(
        "An author's own derivative that cannot be one",
        "`with dt = ...` states one formula for each real argument. It has the shape of the "
        "argument where the result is a scalar, and that of the result elsewhere; the function "
        "reads nothing but its arguments.",
        bad="def f(x, y) = x*y with dx = y\nJ = f(a, b)",
        good="def f(x, y) = x*y with dx = y, dy = x\nJ = f(a, b)",
    ),
    "G0223": ErrorCode(
        "An argument that does not fit",
        "An annotated shape holds for every call; a name in it stands for one size. A parameter "
        "that the function uses as a size is given a number or a size.",
        bad="def f(r[3]) = dot(r, r)\ninput x[4]\nJ = f(x)",
        good="def f(r[3]) = dot(r, r)\ninput x[3]\nJ = f(x)",
    ),
    "G0231": ErrorCode(
        "A carried quantity that changes its kind",
        "What a loop carries keeps its shape and its element type; the first value sets both.",
        bad="input x[N]\nloop t in 3 carry h = 0 {\n    h = h + x\n}\nJ = sum(h)",
        good="input x[N]\nloop t in 3 carry h = zeros(N) {\n    h = h + x\n}\nJ = sum(h)",
    ),
    "G0232": ErrorCode(
        "A range for a loop's own index",
        "What a loop collects has one row for each of its steps: the index of the loop has no "
        "other range there, and the index of another loop is none. Nested loops collect rows of "
        "rows, one loop after the other.",
        bad="loop t in 3 {\n    y[t in 2] = a*t\n}\nJ = sum(y)",
        good="loop t in 3 {\n    y[t] = a*t\n}\nJ = sum(y)",
    ),
    "G0233": ErrorCode(
        "A collected quantity read inside its loop",
        "A collected quantity is whole after the loop. What a step needs of earlier ones is "
        "carried.",
        bad="loop t in 3 {\n    y[t] = a*t\n    z[t] = y[t]\n}\nJ = sum(z)",
        good="loop t in 3 carry s = 0 {\n    s = s + a*t\n    z[t] = s\n}\nJ = sum(z)",
    ),
    "G0234": ErrorCode(
        "A loop without a result",
        "A loop gives what it carries and what it collects. Other names in its body are local.",
        bad="loop t in 3 {\n    y = a*t\n}\nJ = a",
        good="loop t in 3 {\n    y[t] = a*t\n}\nJ = sum(y)",
    ),
    "G0235": ErrorCode(
        "Loops and calls that stand too deep in one another",
        "At most 16 loops stand within one another in a program or in one function: Python takes "
        "no more than 20, and derivatives need some. One with `checkpoint`, and a Jacobian or a "
        "Hessian of what loops compute, count as one more. Loops and calls of functions together "
        "go 32 deep.",
        bad=_loops(17),
        good="loop t in 131072 carry h = a {\n    h = h*a\n}\nJ = h",
    ),
    "G0236": ErrorCode(
        "A carried quantity that no step changes",
        "A warning: the body of the loop gives a carried name no value, so that it is the same "
        "after the loop as before. Its next value is written under the name itself. What only "
        "stays as it is need not be carried: a body reads what stands above the loop.",
        bad="loop k in 5 carry y = a {\n    z = y*2\n}\nJ = y",
        good="loop k in 5 carry y = a {\n    y = y*2\n}\nJ = y",
    ),
    "G0241": ErrorCode(
        "Not a derivative",
        "`grad(J, w)` and `hessian(J, w)` differentiate a scalar, `jacobian(r, x)` any quantity, "
        "with respect to a real quantity by its name, on which it depends. Inside a function or a "
        "loop, what happens outside is not seen.",
        bad="input x[N]\ny = x**2\ng = grad(y, x)\nJ = sum(g)",
        good="input x[N]\ny = sum(x**2)\ng = grad(y, x)\nJ = sum(g)",
    ),
    "G0309": ErrorCode(
        "Not a whole number",
        "An index is one whole number: an index, a size, an input declared `in N`, or sums, "
        "products, `//` and `%` of these.",
        bad="input x[N], k\nJ = x[k]",
        good="input x[N], k in N\nJ = x[k]",
    ),
}
