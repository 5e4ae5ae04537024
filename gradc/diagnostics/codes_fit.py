"""Codes of fitting, and of the optional extras that it and other commands need."""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

FIT_CODES: dict[str, ErrorCode] = {
    "G0771": ErrorCode(
        "Extra not installed",
        "The request needs a package that gradc does not install by itself. The help line installs "
        "it.",
        bad="gradc fit f.g --inputs data.csv --start w=0  # without SciPy",
        good="pip install 'gradc[fit]'",
    ),
    "G0772": ErrorCode(
        "No start",
        "A fit begins somewhere, and where it begins can decide where it ends; so no start is "
        "invented. A value of the parameter among the inputs serves, too.",
        bad="gradc fit f.g --inputs data.csv --start w=0  # param w, b",
        good="gradc fit f.g --inputs data.csv --start w=0 b=0",
    ),
    "G0773": ErrorCode(
        "Not a parameter",
        "A start or bounds are given for what is not fitted, or nothing is. Fitted are the inputs "
        "that --wrt names, else the params of the program, else the inputs that --start names.",
        bad="gradc fit f.g --start w=0 x=[1,2]  # input x[N]; param w",
        good="gradc fit f.g --start w=0 --inputs x=[1,2]",
    ),
    "G0774": ErrorCode(
        "Bounds do not fit",
        "Bounds are a least and a larger value of a parameter, -inf and inf where there is none; "
        "of an array one pair for all elements, or an array of pairs. The start lies inside. A "
        "parameter that is not to move is no parameter: leave it out of --wrt.",
        bad="gradc fit f.g --start b=1 --bounds b=[2,1]",
        good="gradc fit f.g --start b=1 --bounds b=[0,inf]",
    ),
    "G0775": ErrorCode(
        "No number at the start",
        "The objective or its derivative is NaN or infinite where the fit is to begin, so there is "
        "no direction to go.",
        bad="gradc fit f.g --start w=-1  # J = log(w) + w^2",
        good="gradc fit f.g --start w=1",
    ),
    "G0776": ErrorCode(
        "Nothing to minimise",
        "A fit minimises one real quantity, or the sum of squares of its elements. The program has "
        "several outputs or none that is real, or there is no residual or no parameter because "
        "an axis is empty.",
        bad="gradc fit f.g --start w=0  # output r, J",
        good="gradc fit f.g --start w=0 --objective J",
    ),
    "G0777": ErrorCode(
        "Not converged",
        "The parameters are not those of a minimum, as far as can be verified: the help line says "
        "what is known of the point. Another start, --starts, bounds, or more --steps may help; "
        "there may also be no minimum.",
        bad="gradc fit f.g --start w=1  # J = exp(-w)",
        good="gradc fit f.g --start w=1  # J = exp(-w) + w",
    ),
    "G0778": ErrorCode(
        "Not determined",
        "The Jacobian of the residuals has not full rank at the minimum: these parameters can "
        "change, together, without changing any residual. They have no standard error; the others "
        "have theirs.",
        bad="gradc fit f.g --inputs data.csv --start a=1 b=1  # r = a*b*x - y",
        good="gradc fit f.g --inputs data.csv --start a=1  # r = a*x - y",
    ),
    "G0779": ErrorCode(
        "Method does not suit",
        "lm and trf are for residuals, lm for no bounds and no fewer residuals than parameters; a "
        "rate is for gd and adam.",
        bad="gradc fit f.g --start w=0 --method lm  # output J, a scalar",
        good="gradc fit f.g --start w=0 --method lbfgs",
    ),
    "G0780": ErrorCode(
        "Picture of a fit",
        "A picture is the loss, the fit or the path, in a file that ends in .svg, .png or .pdf, or "
        "in plain text where no file is named. The fit can be drawn where the program has one "
        "difference of a vector of data and something that depends on the parameters.",
        bad="gradc fit f.g --start w=0 --plot picture.svg",
        good="gradc fit f.g --start w=0 --plot loss=picture.svg",
    ),
    "G0781": ErrorCode(
        "Interrupted",
        "Ctrl-C ended the fit. The best parameters so far are printed, and saved where -o asks for "
        "it; the exit code is 130.",
        bad="gradc fit f.g --start w=0 --method gd --rate 1e-9",
        good="gradc fit f.g --start w=0 --method gd --rate 0.1",
    ),
    "G0782": ErrorCode(
        "Rows without a loss",
        "Each row of the table is one observation, because scalar inputs receive its columns, and "
        "the program has an output for each. Whether that is a residual, whose squares are to be "
        "least, or a loss, whose sum or mean is, the program does not say.",
        bad="gradc fit f.g --inputs rows.csv --start w=0  # input x, y; r = w*x - y",
        good="gradc fit f.g --inputs rows.csv --start w=0 --loss squares",
    ),
}
