"""The codes of what can be wrong with a program that reads well, or with a request for it.

G02 names and declarations, G03 shapes and types, G04 differentiation, G06 numbers, G07 usage,
output and environment.  Entries of the table in `codes`.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

PROGRAM_CODES: dict[str, ErrorCode] = {
    "G0201": ErrorCode(
        "Unknown name",
        "As soon as a program declares anything, every name must be declared or defined. In a "
        "program without declarations, a name that is read and never defined is a parameter.",
        bad="input alpha\nJ = alhpa**2",
        good="input alpha\nJ = alpha**2",
    ),
    "G0202": ErrorCode(
        "Used before it is defined",
        "Equations are read from top to bottom, so a quantity is defined above its first use.",
        bad="v = a + u\nu = b*c",
        good="u = b*c\nv = a + u",
    ),
    "G0203": ErrorCode(
        "Defined twice",
        "A name has one meaning in a program: one quantity, one size or one constant. Nothing is "
        "updated in place, so every step of a computation has a name of its own.",
        bad="y = a*b\ny = y + 1",
        good="y = a*b\nz = y + 1",
    ),
    "G0204": ErrorCode(
        "Unknown function",
        "There is no built-in function of this name. A quantity cannot be called: a product is "
        "written with `*`.",
        bad="y = softplus(x)",
        good="y = log1pexp(x)",
    ),
    "G0205": ErrorCode(
        "Wrong number of arguments",
        "The function takes another number of arguments. Its parameters are shown; `...` stands "
        "for any number of further ones.",
        bad="y = atan2(x)",
        good="y = atan2(x, z)",
    ),
    "G0206": ErrorCode(
        "No such output",
        "An output is a real quantity that the program defines, named once. Without `output`, it "
        "is the last definition; a truth value or an integer has no derivative.",
        bad="input x\noutput J\ny = x**2",
        good="input x\noutput y\ny = x**2",
    ),
    "G0208": ErrorCode(
        "Not a constant",
        "A constant is known before any data are: it is made of numbers and other constants.",
        bad="input x\nconst k = 2*x\nJ = k*x",
        good="input x\nconst k = 2\nJ = k*x",
    ),
    "G0209": ErrorCode(
        "Not a fixed size",
        "`dim K = 10` fixes a size by a whole number that is not negative.",
        bad="dim N = -1\ninput x[N]\nJ = sum(x)",
        good="dim N = 1\ninput x[N]\nJ = sum(x)",
    ),
    "G0210": ErrorCode(
        "Size without a value",
        "Sizes get their values from the shapes of the data: first from the axes that are exactly "
        "one named size, then from those that are linear in one size still unknown. No axis of an "
        "input determines this one, so it has to be fixed.",
        bad="dim N\ninput x\nJ = x*sum(ones(N))",
        good="dim N = 3\ninput x\nJ = x*sum(ones(N))",
    ),
    "G0211": ErrorCode(
        "Perhaps misspelt",
        "In a program without declarations, a name that is never defined is a parameter. This one "
        "is like the name of a quantity, so it may be a mistake. This is a warning.",
        bad="total = a + b\nJ = totl**2",
        good="total = a + b\nJ = total**2",
    ),
    "G0213": ErrorCode(
        "Function without arguments",
        "The name is that of a function and stands where a value is needed. Write the arguments "
        "in parentheses.",
        bad="y = 2*sin",
        good="y = 2*sin(x)",
    ),
    "G0301": ErrorCode(
        "Shapes differ",
        "Elementwise operators and functions take operands of identical shape, or scalars. There "
        "is no broadcasting: which axes belong together has to be written.",
        bad="input X[N, D], m[D]\nY = X - m",
        good="input X[N, D], M[N, D]\nY = X - M",
    ),
    "G0302": ErrorCode(
        "Truth value or number",
        "Conditions are truth values, made by comparisons, `and`, `or` and `not`. Everything else "
        "is made of numbers. Neither is converted silently.",
        bad="y = 1 if x else 0",
        good="y = 1 if x != 0 else 0",
    ),
    "G0303": ErrorCode(
        "Wrong number of axes",
        "The operator, the function or the subscript needs a value with another number of axes, "
        "or a square matrix.",
        bad="input x[N]\nJ = trace(x)",
        good="input x[N, N]\nJ = trace(x)",
    ),
    "G0304": ErrorCode(
        "Index out of range",
        "An index counts from 0 and stays below the size of its axis; it never counts from the "
        "end. A range starts at 0 or above, and ends at its start or above, within the axis.",
        bad="input x[N]\nJ = x[-1]",
        good="input x[N]\nJ = x[N-1]",
    ),
    "G0305": ErrorCode(
        "Sizes do not fit",
        "Two axes that are contracted or joined have different sizes, or a reshape would change "
        "the number of elements.",
        bad="input A[N, D], x[N]\ny = A @ x",
        good="input A[N, D], x[N]\ny = A.T @ x",
    ),
    "G0306": ErrorCode(
        "Not a size",
        "Sizes are known before the data are: whole numbers, the names in shapes, whole-number "
        "constants, and `+ - * // **` of these where the result is a whole number that is not "
        "negative.",
        bad="input x[N]\nJ = sum(x[:N/2])",
        good="input x[2*N]\nJ = sum(x[:N])",
    ),
    "G0307": ErrorCode(
        "Array too large",
        "An array of this fixed shape would not fit in the memory of any computer that runs gradc.",
        bad="input x[1000000, 1000000]\nJ = sum(x)",
        good="input x[1000, 1000]\nJ = sum(x)",
    ),
    "G0308": ErrorCode(
        "Ragged array",
        "The elements of an array literal have one shape: all numbers, or all rows of one length.",
        bad="M = [[a, b], [c]]\nJ = sum(M)",
        good="M = [[a, b], [c, 0]]\nJ = sum(M)",
    ),
    "G0401": ErrorCode(
        "Not an input",
        "Derivatives are taken with respect to inputs of the program. The adjoints of all other "
        "quantities are shown by `gradc run` without asking.",
        bad="gradc run f.g a=1 --wrt u  # u = a*a; J = u + a",
        good="gradc run f.g a=1 --wrt a",
    ),
    "G0402": ErrorCode(
        "No derivative of integers",
        "An input declared with `in` holds integers, which do not vary continuously.",
        bad="gradc run f.g k=1 x=2 --wrt k  # input k in 3, x",
        good="gradc run f.g k=1 x=2 --wrt x",
    ),
    "G0403": ErrorCode(
        "Not a real quantity",
        "What is differentiated is a real quantity of the program: the name is unknown, or that "
        "of a truth value or an integer.",
        bad="gradc run f.g a=1 --seed-output K  # J = a*a",
        good="gradc run f.g a=1 --seed-output J",
    ),
    "G0404": ErrorCode(
        "No single derivative",
        "A gradient is that of one scalar. The program has several outputs, or an array; choose "
        "one output, weigh its elements, or ask for the whole Jacobian.",
        bad="gradc.compile('input x[N]; y = x*x').value_and_grad(x=[1, 2])",
        good="gradc.compile('input x[N]; y = x*x').jacobian(x=[1, 2])",
    ),
    "G0405": ErrorCode(
        "Direction of nothing",
        "A direction or a weight is given for a name that has none: tangents are those of the "
        "inputs that derivatives are taken with respect to, weights those of the outputs.",
        bad="gradc run f.g a=1 --seed-output J=1,u=1  # u = a*a; J = u + a",
        good="gradc run f.g a=1 --seed-output J=1",
    ),
    "G0601": ErrorCode(
        "Not finite",
        "A result is NaN or infinite. The message names the first quantity that is, forward and "
        "then backward. This is a warning, and the exit code is 4.",
        bad="gradc run f.g x=0  # J = log(x)",
        good="gradc run f.g x=1",
    ),
    "G0602": ErrorCode(
        "Not enough memory",
        "The arrays of the computation do not fit in the memory that there is.",
        bad="gradc run f.g  # dim N = 100000; J = sum(ones(N, N))",
        good="gradc run f.g  # dim N = 1000; J = sum(ones(N, N))",
    ),
    "G0701": ErrorCode(
        "Unusable file",
        "A file cannot be read or written; the reason is that of the operating system. Results "
        "appear whole or not at all, so nothing was changed.",
        bad="gradc compile f.g -o /no/such/folder/f.py",
        good="gradc compile f.g -o f.py",
    ),
    "G0702": ErrorCode(
        "Output over what it is made from",
        "The output would replace the program or the data that it is made from.",
        bad="gradc compile f.g -o f.g",
        good="gradc compile f.g -o f.py",
    ),
    "G0703": ErrorCode(
        "Picture cannot be drawn",
        "Diagrams are drawn by Graphviz. It is not installed, or it failed on this diagram; DOT "
        "text is always written without it.",
        bad="gradc dot f.g -o f.png  # without the program dot",
        good="gradc dot f.g -o f.dot",
    ),
    "G0704": ErrorCode(
        "Arguments do not fit",
        "The arguments of the command contradict each other, or one of them is incomplete.",
        bad="gradc run f.g a=1 --jacobian --seed-output J",
        good="gradc run f.g a=1 --jacobian",
    ),
    "G0705": ErrorCode(
        "Program not UTF-8 text",
        "Programs are UTF-8 text. A wrong byte usually means another encoding, or a binary file.",
        bad="f.g saved as UTF-16",
        good="f.g saved as UTF-8",
    ),
    "G0706": ErrorCode(
        "Not a graph",
        "The text is not the printed form of a graph: its header, an equation or a type is not "
        "where it belongs, or an equation names no primitive.",
        bad="graph f(x: real) -> (y: real) {\n  y: real = sine x\n}",
        good="graph f(x: real) -> (y: real) {\n  y: real = sin x\n}",
    ),
    "G0741": ErrorCode(
        "Focus not in the program",
        "A diagram is focused on a quantity of the program: an input, or one that a statement "
        "defines. Names within functions are not quantities of the program.",
        bad="gradc dot f.g --focus loos  # loss = dot(r, r)",
        good="gradc dot f.g --focus loss",
    ),
    "G0742": ErrorCode(
        "Distance without a focus",
        "`--within` says how many arrows far from the focus a diagram goes.",
        bad="gradc dot f.g --within 2",
        good="gradc dot f.g --focus loss --within 2",
    ),
    "G0743": ErrorCode(
        "Two formats",
        "`--format` names one format of a diagram, and the end of the file's name another.",
        bad="gradc dot f.g --format svg -o f.png",
        good="gradc dot f.g -o f.svg",
    ),
    "G0761": ErrorCode(
        "Not a size",
        "`gradc inputs` takes sizes of the program's inputs by name, as in N=100.",
        bad="gradc inputs f.g M=100  # input x[N]",
        good="gradc inputs f.g N=100",
    ),
    "G0762": ErrorCode(
        "No data fit",
        "There are no small sizes, with those that are given, at which every axis has an element "
        "and every access of the program is in range; or the data would be too many to print.",
        bad="gradc inputs f.g N=1  # input x[N]; y = x[1]",
        good="gradc inputs f.g N=2",
    ),
    "G0731": ErrorCode(
        "Not an input that can be nudged",
        "Real inputs are moved a little, and everything else follows from them. A quantity that "
        "the program computes moves by itself, and an integer cannot move a little.",
        bad="gradc nudge f.g a=1 --by J=0.001",
        good="gradc nudge f.g a=1 --by a=0.001",
    ),
    "G0732": ErrorCode(
        "A nudge that does not fit",
        "An array is nudged by an array of its shape, or in one element, which is named with one "
        "place for each axis, counted from 0. A number is no nudge for a whole array. Nudges are "
        "finite, and each element is nudged once.",
        bad="gradc nudge f.g 'w=[1,2,3]' --by w=0.001",
        good="gradc nudge f.g 'w=[1,2,3]' --by 'w[2]=0.001'",
    ),
    "G0733": ErrorCode(
        "Nothing is nudged",
        "No nudge is given, all are zero, or a nudge is so small beside its input that the sum "
        "rounds to what the input was before.",
        bad="gradc nudge f.g a=1 --by a=1e-20",
        good="gradc nudge f.g a=1 --by a=1e-3",
    ),
    "G0734": ErrorCode(
        "A change that is not linear",
        "What the linear prediction misses of a change should become ever smaller beside it when "
        "the nudge does. It does not at a kink, where the derivative depends on the side and "
        "that of the program is a convention, and at a jump. The first quantity where this "
        "happens is named.",
        bad="y = abs(x)  # nudged at x = 0",
        good="y = abs(x)  # nudged at x = 1",
    ),
    "G0735": ErrorCode(
        "An author's own derivative is wrong",
        "Numerical derivatives disagree with what `with` states for a function, by more than "
        "their uncertainty, and agree with what follows from its equations. The program computes "
        "with the wrong one until it is mended.",
        bad="def f(t) = t^3 with dt = 3*t\nJ = f(x)",
        good="def f(t) = t^3 with dt = 3*t^2\nJ = f(x)",
    ),
    "G0736": ErrorCode(
        "A statement whose derivative is wrong",
        "Numerical derivatives disagree with the derivative of one statement by more than their "
        "uncertainty, though no author states it. This is a fault of gradc.",
        bad="gradc check f.g x=1",
        good="gradc check f.g x=1  # with the fault mended",
    ),
    "G0737": ErrorCode(
        "A wrong derivative without a place",
        "A derivative of the whole program is wrong, but each statement by itself seems right, or "
        "there are too many statements to check each.",
        bad="gradc check f.g x=1",
        good="gradc check f.g x=1 --seed-output v  # a quantity on the way",
    ),
    "G0738": ErrorCode(
        "No derivative to check",
        "Derivatives are taken with respect to real inputs, and the program has none.",
        bad="y = 2 + 3",
        good="y = 2 + x",
    ),
    "G0721": ErrorCode(
        "Not on the way",
        "`gradc explain --path` takes names of quantities through which a derivative goes from an "
        "input to the output: inputs that derivatives are taken with respect to, quantities of "
        "the program, and those that the derivation itself introduces (`u1`).",
        bad="gradc explain f.g --path x,typo,y",
        good="gradc explain f.g --path x,u,y",
    ),
    "G0722": ErrorCode(
        "No such path",
        "The quantities that `gradc explain --path` names are all on the way, but no path leads "
        "through them in this order, from an input to the output.",
        bad="gradc explain f.g --path u,x,y",
        good="gradc explain f.g --path x,u,y",
    ),
    "G0723": ErrorCode(
        "Nothing to go into",
        "`gradc explain --into` takes the name of a function that the program calls, or of a "
        "quantity that a loop carries or collects: its derivation is that of one call, or of one "
        "step.",
        bad="gradc explain f.g --into typo  # def softplus(t) = log1p(exp(t))",
        good="gradc explain f.g --into softplus",
    ),
    "G0763": ErrorCode(
        "No finite sample",
        "`gradc inputs` tries several kinds of numbers. At each of them some output or derivative "
        "of this program is NaN or infinite, so the first kind is printed.",
        bad="gradc inputs f.g  # y = log(x - 1000)",
        good="gradc inputs f.g, with x changed to a number beyond 1000",
    ),
    "G0799": ErrorCode(
        "Fault of gradc",
        "Something happened that never should, whatever the program. Please report it together "
        "with the program; GRADC_TRACEBACK=1 shows where it happened.",
        bad="gradc run f.g",
        good="GRADC_TRACEBACK=1 gradc run f.g",
    ),
}
