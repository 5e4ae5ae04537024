"""Codes of pages that compute."""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

PAGE_CODES: dict[str, ErrorCode] = {
    "G0751": ErrorCode(
        "No example inputs",
        "`gradc page` was given no inputs, and found none at which the program can be computed: an "
        "index that it computes leaves its axis.",
        bad="gradc page f.g -o f.html  # input x[N], k[M] in N; y[i] = x[k[i] + k[0] + 1]",
        good="gradc page f.g -o f.html --inputs x=[1,2,3],k=[0,1]",
    ),
    "G0752": ErrorCode(
        "Too large for a page",
        "A page shows every quantity and computes all of them whenever an input moves. Beyond some "
        "tens of thousands nobody could read it, and a browser could not keep up.",
        bad="gradc page net.g --inputs x=images.npy -o net.html  # 60000x784 elements",
        good="gradc page net.g --inputs x=few.npy -o net.html  # 10x784 elements",
    ),
    "G0753": ErrorCode(
        "A page without a diagram",
        "Graphviz could not draw the program, or is not installed. All else on the page is as "
        "ever.",
        bad="gradc page f.g -o f.html  # without Graphviz",
        good="apt-get install graphviz, then gradc page f.g -o f.html",
    ),
}
