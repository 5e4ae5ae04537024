"""Binding: every fault of the data is found at once, and no number changes unseen."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradc.diagnostics import InputError, Source, Span
from gradc.ir.dims import Dim
from gradc.ir.graph import DType, Type
from gradc.ir.interface import InputSpec, SizeRequirement
from gradc.runtime.bind import Bound, bind
from gradc.runtime.inputs import read_inputs
from gradc.runtime.values import RawValue

N, D, K = Dim.of("N"), Dim.of("D"), Dim.of("K")


def real(name: str, *shape: Dim | int) -> InputSpec:
    return InputSpec(name, Type(DType.REAL, tuple(map(Dim.of, shape))))


def integer(name: str, *shape: Dim | int, below: Dim | None = None) -> InputSpec:
    return InputSpec(name, Type(DType.INT, tuple(map(Dim.of, shape))), below)


def typed(inputs: list[InputSpec], *specs: str) -> Bound:
    return bind(inputs, read_inputs(specs, lambda: ""))


def refused(inputs: list[InputSpec], **values: object) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        bind(inputs, values)
    return [(d.code, d.message) for d in caught.value.diagnostics]


class TestValues:
    def test_scalars(self) -> None:
        bound = typed([real("a"), real("b"), integer("n")], "a=5,b=2.5,n=3.0")
        assert bound.arrays == {"a": 5.0, "b": 2.5, "n": 3}
        assert [type(value) for value in bound.arrays.values()] == [float, float, int]
        assert bound.sizes == {}

    def test_arrays(self) -> None:
        bound = typed([real("X", N, D), integer("i", N)], "X=[[1,2,3],[4,5,6.5]],i=[3,4.0]")
        assert bound.sizes == {"N": 2, "D": 3}
        x, i = bound.arrays.values()
        assert isinstance(x, np.ndarray)
        assert isinstance(i, np.ndarray)
        assert (x.dtype, i.dtype) == (np.float64, np.int64)
        assert x.tolist() == [[1, 2, 3], [4, 5, 6.5]]
        assert i.tolist() == [3, 4]

    def test_scalars_do_not_import_numpy(self) -> None:
        script = (
            "import sys; from gradc.runtime.bind import bind;"
            "from gradc.ir.interface import InputSpec; from gradc.ir.graph import REAL;"
            "bind([InputSpec('a', REAL)], {'a': 5});"
            "sys.exit('numpy' in sys.modules or 'difflib' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

    @pytest.mark.parametrize(
        "value",
        [
            [1, 2, 3],
            (1.0, 2.0, 3.0),
            np.array([1, 2, 3], np.uint8),
            np.array([1, 2, 3], ">f4"),
            np.array([1, 0, 2, 0, 3, 0])[::2],
            [np.float64(1), 2, np.int8(3)],
            np.array([1, 2, 3], np.longdouble),
        ],
    )
    def test_all_forms_of_a_vector(self, value: object) -> None:
        for spec, dtype in ((real("x", N), np.float64), (integer("x", N), np.int64)):
            array = bind([spec], {"x": value}).arrays["x"]
            assert isinstance(array, np.ndarray)
            assert array.dtype == dtype
            assert array.flags.c_contiguous
            assert array.tolist() == [1, 2, 3]

    @pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3), np.array(3)])
    def test_all_forms_of_a_scalar(self, value: object) -> None:
        assert type(bind([real("x")], {"x": value}).arrays["x"]) is float
        assert type(bind([integer("x")], {"x": value}).arrays["x"]) is int

    def test_lists_of_arrays(self) -> None:
        x = bind([real("x", N, D)], {"x": [np.array([1, 2]), np.array([3, 4])]}).arrays["x"]
        assert isinstance(x, np.ndarray)
        assert x.tolist() == [[1, 2], [3, 4]]

    def test_doubles_are_not_copied_and_others_not_modified(self) -> None:
        doubles, integers = np.arange(3.0), np.arange(3)
        bound = bind([real("x", N), real("y", N)], {"x": doubles, "y": integers})
        assert bound.arrays["x"] is doubles
        assert not np.shares_memory(np.asarray(bound.arrays["y"]), integers)

    @pytest.mark.parametrize(
        "value",
        [
            True,
            None,
            "5",
            1j,
            {},
            Fraction(1, 2),
            np.array([True]),
            np.array(["a"]),
            np.array([None]),
            np.array([1j]),
            np.datetime64("2020-01-01"),
            np.ma.masked_array([1.0], [True]),
            [1, True],
            [1, None],
            [1, "2"],
            [np.array([1j])],
        ],
    )
    def test_no_numbers(self, value: object) -> None:
        assert refused([real("x", N)], x=value)[0][0] == "G0507"

    @pytest.mark.parametrize(
        "value",
        [[1, [2]], [[1, 2], [3]], [[1], [[2]]], [np.zeros(2), np.zeros(3)], [np.zeros(2), 1]],
    )
    def test_ragged(self, value: object) -> None:
        assert refused([real("x", N, D)], x=value)[0][0] == "G0508"

    def test_a_list_that_holds_itself(self) -> None:
        endless: list[object] = []
        endless.append(endless)
        assert refused([real("x", N)], x=endless)[0][0] == "G0508"

    def test_large_integers(self) -> None:
        assert bind([real("x")], {"x": 2**60 + 1}).arrays == {"x": float(2**60)}
        x = bind([real("x", N)], {"x": [2**70, 1]}).arrays["x"]
        assert isinstance(x, np.ndarray)
        assert x.tolist() == [2.0**70, 1.0]
        assert refused([real("x")], x=10**400)[0][0] == "G0509"
        assert refused([real("x", N)], x=[10**400])[0][0] == "G0509"


class TestIntegers:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (2.5, "`n` is 2.5, not an integer"),
            (float("nan"), "`n` is nan, not an integer"),
            (float("inf"), "`n` is inf, not an integer"),
            (2**53 + 1, "`n` is 9007199254740993, an integer too large to be exact (2**53)"),
            (1e300, "`n` is 1e+300, an integer too large to be exact (2**53)"),
        ],
    )
    def test_scalars(self, value: float, message: str) -> None:
        assert refused([integer("n")], n=value) == [("G0523", message)]

    @pytest.mark.parametrize(
        "value",
        [
            [[1, 2], [2.5, 3.5]],
            np.array([[1, 2], [np.nan, np.inf]]),
            np.array([[1, 2], [2**53 + 1, -(2**53) - 1]]),
            np.array([[1, 2], [2**64 - 1, 2**63]], np.uint64),
            [[1, 2], [2**53 + 1, 2**70]],
        ],
    )
    def test_arrays(self, value: object) -> None:
        ((code, message),) = refused([integer("n", N, D)], n=value)
        assert code == "G0523"
        assert message.startswith("`n[1, 0]` is ")
        assert message.endswith(" (1 other element likewise)")

    def test_exact_up_to_the_limit(self) -> None:
        value = bind([integer("n", N)], {"n": [2**53, -(2**53)]}).arrays["n"]
        assert isinstance(value, np.ndarray)
        assert value.tolist() == [2**53, -(2**53)]
        assert bind([integer("n")], {"n": 2**53}).arrays == {"n": 2**53}

    def test_labels(self) -> None:
        inputs = [real("c", K), integer("label", N, below=K), integer("k", below=K)]
        assert typed(inputs, "c=[1,2],label=[0,1,1],k=1").sizes == {"K": 2, "N": 3}
        assert refused(inputs, c=[1, 2], label=[0, 2, -1, 5, 7], k=2) == [
            (
                "G0524",
                "`label[1]` is 2, `label[2]` is -1, `label[3]` is 5 (and 1 other element); "
                "allowed is 0 .. 1",
            ),
            ("G0524", "`k` is 2; allowed is 0 .. 1"),
        ]
        ((code, message),) = refused(inputs, c=[], label=[], k=0)
        assert (code, message) == ("G0524", "`k` is 0; allowed is no value at all")


class TestNames:
    def test_missing_and_unknown_together(self) -> None:
        inputs = [real("alpha"), real("w", D), real("b")]
        assert refused(inputs, alhpa=1, zzz=2, b=1) == [
            ("G0520", "no value is given for `alpha`, `w[D]`"),
            ("G0521", "the program has no input `alhpa`"),
            ("G0521", "the program has no input `zzz`"),
        ]

    def test_many_names_are_counted(self) -> None:
        many = {f"x{i}": 1 for i in range(10_000)}
        found = refused([real(f"alpha{i}") for i in range(100)], **many)
        assert len(found) == 10
        assert found[0][1].endswith("`alpha6`, `alpha7` and 92 more")
        assert found[-1][1].endswith("`x14`, `x15` and 9984 more")

    def test_hints(self) -> None:
        def hint(inputs: list[InputSpec], name: str) -> str | None:
            with pytest.raises(InputError) as caught:
                bind(inputs, {name: 1})
            return caught.value.diagnostics[-1].help

        assert hint([real("alpha"), real("beta")], "alhpa") == "did you mean `alpha`?"
        assert hint([real("W"), real("w_")], "w") == "did you mean `W`?"
        assert hint([real("alpha"), real("beta")], "q") == "the inputs are alpha, beta"
        assert hint([], "q") == "the program has no inputs"

    def test_declarations_are_pointed_at(self) -> None:
        source = Source("f.g", "input x[N]\ninput y[N]")
        inputs = [
            InputSpec("x", Type(DType.REAL, (N,)), span=Span(6, 10)),
            InputSpec("y", Type(DType.REAL, (N,)), span=Span(17, 21)),
        ]
        with pytest.raises(InputError) as caught:
            bind(inputs, {"x": [1], "y": [1, 2]}, source=source)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.source is source
        assert [source.snippet(label.span) for label in diagnostic.labels] == ["x[N]", "y[N]"]


class TestRanks:
    def test_messages(self) -> None:
        inputs = [real("a"), real("x", N), real("X", N, D)]
        assert refused(inputs, a=[1], x=1, X=[1, 2]) == [
            ("G0522", "the value given for `a` has shape [1]; a is declared as a scalar"),
            ("G0522", "the value given for `x` is a number; x is declared with shape [N]"),
            ("G0522", "the value given for `X` has shape [2]; X is declared with shape [N, D]"),
        ]

    def test_a_column_of_one_row_binds_a_scalar(self) -> None:
        column = RawValue([3], "t.csv, column 1", from_column=True)
        assert bind([real("a")], {"a": column}).arrays == {"a": 3.0}
        assert bind([real("a", N)], {"a": column}).sizes == {"N": 1}
        longer = RawValue([3, 4], "t.csv, column 1", from_column=True)
        assert refused([real("a")], a=longer) == [
            (
                "G0522",
                "the value given for `a` (at t.csv, column 1) has shape [2]; "
                "a is declared as a scalar",
            )
        ]


class TestSizes:
    def test_shared_sizes_that_disagree(self) -> None:
        inputs = [real("X", N, D), real("y", N), real("w", D)]
        assert refused(inputs, X=np.zeros((5, 2)), y=np.zeros(4), w=np.zeros(3)) == [
            ("G0525", "`X` has 5 rows (axis 0 = N) but `y` has 4 (axis 0 = N)"),
            ("G0525", "`X` has 2 columns (axis 1 = D) but `w` has 3 (axis 0 = D)"),
        ]

    def test_fixed_sizes(self) -> None:
        inputs = [real("x", 10)]
        assert bind(inputs, {"x": np.zeros(10)}).sizes == {}
        assert refused(inputs, x=np.zeros(9)) == [
            ("G0525", "`x` has 9 elements (axis 0), declared are 10")
        ]

    def test_polynomials_are_checked_whatever_the_order(self) -> None:
        packed = (D * (D - 1)).divided(2)
        assert packed is not None
        inputs = [real("l", packed), real("x", N + 1), real("d", D), real("p", N * D)]
        good = {"l": np.zeros(6), "x": np.zeros(3), "d": np.zeros(4), "p": np.zeros(8)}
        assert bind(inputs, good).sizes == {"D": 4, "N": 2}
        assert refused(inputs, **{**good, "l": np.zeros(5), "p": np.zeros(9)}) == [
            (
                "G0525",
                "`l` has 5 elements (axis 0 = (D**2 - D)//2), but (D**2 - D)//2 is 6 where "
                "D = 4 (axis 0 of `d`)",
            ),
            (
                "G0525",
                "`p` has 9 elements (axis 0 = D*N), but D*N is 8 where "
                "D = 4 (axis 0 of `d`), N = 2 (axis 0 of `x`)",
            ),
        ]

    def test_one_unknown_leads_to_the_next(self) -> None:
        inputs = [real("z", N * D + K), real("y", N * D), real("x", N + N)]
        sizes = bind(inputs, {"z": np.zeros(13), "y": np.zeros(12), "x": np.zeros(6)}).sizes
        assert sizes == {"N": 3, "D": 4, "K": 1}

    def test_no_integer_and_negative(self) -> None:
        assert refused([real("x", N + N)], x=[1, 2, 3]) == [
            ("G0527", "`x` has 3 elements (axis 0 = 2*N), which makes N = 3/2, not an integer")
        ]
        assert refused([real("x", N + 2)], x=[1]) == [
            ("G0527", "`x` has 1 element (axis 0 = N + 2), which makes N = -1")
        ]

    def test_unsolvable(self) -> None:
        assert refused([real("x", D * D), integer("k", below=K)], x=[1, 2, 3, 4], k=1) == [
            (
                "G0526",
                "the size `D` cannot be found from the data: it occurs only in D**2 "
                "(axis 0 of `x`)",
            ),
            (
                "G0526",
                "the size `K` cannot be found from the data: no input has an axis of that size",
            ),
        ]

    def test_a_missing_input_does_not_also_miss_its_sizes(self) -> None:
        assert [code for code, _ in refused([real("x", N), real("a")], a=1)] == ["G0520"]

    def test_zero(self) -> None:
        assert bind([real("X", N, D)], {"X": np.zeros((0, 3))}).sizes == {"N": 0, "D": 3}

    def test_requirements(self) -> None:
        span = Span(0, 1)
        source = Source("f.g", "x")
        needs = [
            SizeRequirement(N - 2, 0, "the index of `x[2]` is beyond the size N", span),
            SizeRequirement(N, 1, "`max` has no elements"),
            SizeRequirement(K, 1, "`k` is empty"),
        ]
        with pytest.raises(InputError) as caught:
            bind([real("x", N)], {"x": [1.0]}, needs, source)
        assert [(d.code, d.message) for d in caught.value.diagnostics] == [
            (
                "G0526",
                "the size `K` cannot be found from the data: no input has an axis of that size",
            ),
            (
                "G0528",
                "the index of `x[2]` is beyond the size N for N = 1 (axis 0 of `x`)",
            ),
        ]
        assert caught.value.diagnostics[1].notes == ("N - 2 must be at least 0, it is -1",)
        assert caught.value.diagnostics[1].labels[0].span == span
        assert bind([real("x", N)], {"x": [1.0, 2.0]}, needs[:2]).sizes == {"N": 2}

    @given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3), st.integers(0, 3), st.data())
    def test_sizes_that_the_data_have_are_found(
        self, n: int, d: int, k: int, c: int, data: st.DataObject
    ) -> None:
        shapes = {"a": (N + c,), "b": (N, D), "c": (N * D,), "e": (Dim({("D",): k}), N)}
        order = data.draw(st.permutations(list(shapes)))
        inputs = [real(name, *shapes[name]) for name in order]
        sizes = {"N": n, "D": d}
        values = {
            name: np.zeros([dim.evaluate(sizes) for dim in shape]) for name, shape in shapes.items()
        }
        assert bind(inputs, values).sizes == sizes


def test_everything_at_once() -> None:
    inputs = [
        real("X", N, D),
        real("y", N),
        integer("label", N, below=K),
        real("c", K),
        integer("m"),
        real("q", N, N),
        real("gone"),
    ]
    found = refused(
        inputs,
        X=np.zeros((5, 2)),
        y=np.zeros(4),
        label=[0, 1, 2, 3, 4],
        c=[1, 2],
        m=0.5,
        q=1,
        extra=1,
    )
    assert [code for code, _ in found] == [
        "G0520",
        "G0521",
        "G0523",
        "G0522",
        "G0525",
        "G0524",
    ]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(JUNK, st.integers(0, 3), st.booleans())
def test_any_value_binds_or_is_an_input_error(value: object, rank: int, whole: bool) -> None:
    shape = [Dim.of(name) for name in "ABC"[:rank]]
    spec = integer("x", *shape) if whole else real("x", *shape)
    try:
        bound = bind([spec], {"x": value})
    except InputError:
        return
    assert np.shape(bound.arrays["x"]) == tuple(bound.sizes.values())


def test_an_object_whose_own_code_raises() -> None:
    class Broken:
        def __array__(self, *_: object, **__: object) -> object:
            raise RuntimeError("no data yet")

    said = "is an object that NumPy cannot read (no data yet), not a number or an array of numbers"
    assert refused([real("x", N)], x=Broken()) == [("G0507", f"`x` {said}")]
    assert refused([real("x", N)], x=[Broken()]) == [("G0507", f"`x[0]` {said}")]


def test_a_jacobian_larger_than_memory() -> None:
    import gradc

    with pytest.raises(gradc.NumericError):
        gradc.compile("input x[N]\ny = 2*x").jacobian(x=np.zeros(2**22))


def test_names_are_taken_in_normal_form() -> None:
    spec = InputSpec("\N{GREEK SMALL LETTER MU}", Type(DType.REAL))
    assert bind([spec], {"\N{MICRO SIGN}": 2.0}).arrays == {spec.name: 2.0}


def test_of_many_missing_inputs_the_first_stand_in_the_example() -> None:
    specs = [real(name) for name in "abcde"]
    for values, example in (({}, "a=1,b=1,c=1,d=1,..."), ({"a": 1}, "b=1,c=1,d=1,e=1")):
        with pytest.raises(InputError) as raised:
            bind(specs, values)
        assert raised.value.diagnostics[0].help == f"give them as in {example}"
