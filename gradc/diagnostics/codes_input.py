"""The codes of what can be wrong with data: G05.

Entries of the table in `codes`, which says what the fields are.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

INPUT_CODES: dict[str, ErrorCode] = {
    "G0501": ErrorCode(
        "Unknown form of data",
        "Data are given as NAME=VALUE, several joined by commas; as a .json, .csv or .npz file; "
        "as NAME=file.npy (or .json, .csv) for one array; or as `-`, a JSON object on standard "
        "input. The elements of an array stand in brackets, or they would be read as further "
        "NAME=VALUE pairs.",
        bad="b=1,2,3",
        good="b=[1,2,3]",
    ),
    "G0502": ErrorCode(
        "Not a name",
        "A name in data follows the rule of names in programs: letters, digits and `_`, not "
        "beginning with a digit. It applies to the keys of a JSON object, the header of a CSV "
        "file and the members of a .npz archive too.",
        bad='{"learning rate": 0.1}',
        good='{"learning_rate": 0.1}',
    ),
    "G0503": ErrorCode(
        "Given twice",
        "The same name has two values, and neither is preferred. Names are compared after "
        "Unicode normalisation (NFKC), as in programs.",
        bad="a=1,a=2",
        good="a=1,b=2",
    ),
    "G0504": ErrorCode(
        "Unreadable file",
        "The file is missing, is a directory or a device, may not be read, or does not fit in "
        "memory. Only regular files are opened; a pipe is read as `-`.",
        bad="missing.json",
        good="data.json",
    ),
    "G0505": ErrorCode(
        "Not UTF-8 text",
        "JSON and CSV files are UTF-8 text, with or without a byte-order mark. A NUL character "
        "or a wrong byte usually means another encoding, often UTF-16, or a binary file.",
        bad="data.csv saved as UTF-16",
        good="data.csv saved as UTF-8",
    ),
    "G0506": ErrorCode(
        "Malformed value",
        "Brackets, commas or quotes are not where JSON has them. Reading stops at this place.",
        bad="a=[1, 2",
        good="a=[1, 2]",
    ),
    "G0507": ErrorCode(
        "Not a number",
        "Every element must be a real number. On the command line and in CSV files numbers are "
        "those of JSON, also with a leading `+` or `.`, and nan, inf, -inf. In JSON these three "
        'are the strings "nan", "inf", "-inf". Booleans, null, empty cells, complex numbers '
        "and other text are never converted.",
        bad='{"a": NaN}',
        good='{"a": "nan"}',
    ),
    "G0508": ErrorCode(
        "Not rectangular",
        "The lists of a nested array have different lengths or depths, or are nested more than "
        "32 deep.",
        bad="a=[[1,2],[3]]",
        good="a=[[1,2],[3,4]]",
    ),
    "G0509": ErrorCode(
        "Number too large",
        "The number is larger than the largest double and would become infinite. Infinity is "
        "written as such.",
        bad="a=1e400",
        good="a=inf",
    ),
    "G0510": ErrorCode(
        "Malformed table",
        "A CSV file has a header row with the names of its columns, commas between its cells, "
        "and as many cells in every row as in the header.",
        bad="x;y\n1;2",
        good="x,y\n1,2",
    ),
    "G0511": ErrorCode(
        "Malformed NumPy file",
        "A .npy file or a member of a .npz archive is damaged: its header does not fit the "
        "number of bytes that follow, or the archive expands out of all proportion. Nothing was "
        "loaded.",
        bad="X=truncated.npy",
        good="X=complete.npy",
    ),
    "G0512": ErrorCode(
        "Unsupported dtype",
        "NumPy files hold real numbers or integers. Pickled Python objects are never loaded, "
        "since loading them can run code; complex numbers, booleans, text, dates and records "
        "have no meaning as input.",
        bad='numpy.save("x.npy", x.astype(object))',
        good='numpy.save("x.npy", x.astype(float))',
    ),
    "G0520": ErrorCode(
        "Missing value",
        "Every declared input and parameter needs a value; a program without declarations needs "
        "one for every name that it reads and does not define.",
        bad="gradc run f.g a=1",
        good="gradc run f.g a=1,b=2",
    ),
    "G0521": ErrorCode(
        "Unknown input",
        "A value is given for a name that is not an input of the program: a spelling mistake, "
        "or a quantity that the program computes.",
        bad="gradc run f.g alhpa=1",
        good="gradc run f.g alpha=1",
    ),
    "G0522": ErrorCode(
        "Wrong rank",
        "The value has another number of axes than its declaration. There is no broadcasting: "
        "a number is not a vector of length 1. Only a column of a CSV file with exactly one row "
        "may also be read as a scalar.",
        bad="x=1",
        good="x=[1]",
    ),
    "G0523": ErrorCode(
        "Not an integer",
        "The input is declared to hold integers. 3.0 is one, 2.5 is not; beyond 2**53 doubles "
        "are no longer exact, and such integers are refused.",
        bad="k=2.5",
        good="k=2",
    ),
    "G0524": ErrorCode(
        "Index out of range",
        "An input declared `in K` holds the integers 0 .. K-1, so that it can be used as an "
        "index. Labels that count from 1 need 1 subtracted.",
        bad="label=[1,2,3]  # label[N] in K, K = 3",
        good="label=[0,1,2]",
    ),
    "G0525": ErrorCode(
        "Sizes disagree",
        "A named size has one value in a run. Two axes that share it, or a size computed from "
        "it, do not fit the data.",
        bad="x=[1,2,3],y=[1,2]  # input x[N], y[N]",
        good="x=[1,2,3],y=[1,2,3]",
    ),
    "G0526": ErrorCode(
        "Unknown size",
        "Sizes are found from the axes of the data: those that are exactly one named size, then "
        "those that are linear in one size still unknown. Where another size that multiplies this "
        "one is 0, every value of it fits.",
        bad="x=[],y=[]  # input x[N], y[N*M]",
        good="x=[1],y=[1,2]  # input x[N], y[N*M]",
    ),
    "G0527": ErrorCode(
        "Impossible size",
        "The length of an axis makes a named size negative or not an integer.",
        bad="x=[1,2,3]  # input x[2*N]",
        good="x=[1,2,3,4]",
    ),
    "G0528": ErrorCode(
        "Too few elements",
        "An access or a reduction of the program does not fit data of these sizes: it would "
        "reach outside them, or have nothing to reduce. Sizes are known only with the data, so "
        "this is found here and not when the program is checked.",
        bad="x=[1]  # y = x[1]",
        good="x=[1,2]",
    ),
    "G0529": ErrorCode(
        "Access out of range",
        "An index that the program computes from its data lies outside the axis that it is used "
        "on, where the element is needed: in no branch of a condition, or in the branch taken. "
        "Nothing is wrapped round or replaced.",
        bad="x=[1,2,3],k=[0,7]  # y[i] = x[k[i] + 1]",
        good="x=[1,2,3],k=[0,1]",
    ),
    "G0541": ErrorCode(
        "Unknown column",
        "The columns of a table are chosen by their names: NAME=FILE:COLUMN for one, "
        "NAME=FILE:COLUMN,COLUMN for several. A name is compared as it stands in the file, and the "
        "input that receives the columns stands in front.",
        bad="y=data.csv:lable",
        good="y=data.csv:label",
    ),
    "G0542": ErrorCode(
        "Rows and whole columns mixed",
        "A scalar input that receives a column is given one number for each row, so each row is "
        "one observation. Another input cannot receive a whole column of the same file then: it "
        "would have to be known before the first row. What all rows share is given as NAME=VALUE, "
        "or comes from another file.",
        bad="data.csv  # input x, w[D], and columns x and w",
        good="x=data.csv:x w=[1,2]",
    ),
    "G0543": ErrorCode(
        "Files of different length",
        "Where several files give observations, each takes one row of every file.",
        bad="x=ten_rows.csv:x y=nine_rows.csv:y",
        good="x=data.csv:x y=data.csv:y",
    ),
    "G0544": ErrorCode(
        "Not for rows",
        "Where each row of a table is one observation, every row has the outputs and their first "
        "derivatives. Second derivatives, directions and weights of outputs belong to one set of "
        "numbers.",
        bad="gradc run f.g --inputs rows.csv --hessian",
        good="gradc run f.g --inputs rows.csv",
    ),
    "G0545": ErrorCode(
        "Unknown form of results",
        "Results of rows are written in the form that the end of the file's name says.",
        bad="gradc run f.g --inputs rows.csv -o out.txt",
        good="gradc run f.g --inputs rows.csv -o out.csv",
    ),
    "G0546": ErrorCode(
        "Malformed Parquet or Arrow file",
        "The file is damaged, was cut off, or is of another format than its name says.",
        bad="data.parquet, which is a CSV file",
        good="data.csv",
    ),
    "G0547": ErrorCode(
        "No rows to write",
        "`gradc run -o` writes a row of results for each observation. A request without "
        "observations prints one table, and no file is written.",
        bad="gradc run f.g a=1 b=2 -o out.csv",
        good="gradc run f.g --inputs rows.csv -o out.csv",
    ),
    "G0548": ErrorCode(
        "Rows that cannot be taken apart",
        "Files that are longer than memory are read some rows at a time. That needs a program in "
        "which rows meet in sums, maxima and other reductions over all rows only; one that "
        "compares rows with each other, or goes through them one after the other, needs all of "
        "them at once, and is given them.",
        bad="d[i,j] = x[i] - x[j]  # x[N] from a long file",
        good="d[i] = x[i] - sum(x)/N",
    ),
    "G0549": ErrorCode(
        "No rows to read in blocks",
        "`--chunk` says how many rows of tables are read at a time, for observations and for sums "
        "over rows. Numbers that are given as arguments have no rows, and a Hessian, a Jacobian or "
        "a direction needs all rows at once.",
        bad="gradc run f.g x=[1,2,3] --chunk 2",
        good="gradc run f.g --inputs x=data.csv:x --chunk 1000",
    ),
}
