"""Reading data: what is accepted, what is refused and in which words, and nothing else ever."""

from __future__ import annotations

import io
import json
import math
import os
import re
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradc.diagnostics import InputError
from gradc.diagnostics.codes_input import INPUT_CODES
from gradc.diagnostics.codes_workers import WORKER_CODES
from gradc.report.numbers import json_value
from gradc.runtime import inputs
from gradc.runtime.inputs import read_inputs
from gradc.runtime.inputs_npy import read_npy
from gradc.runtime.values import RawValue


def no_stdin() -> str:
    raise AssertionError("standard input was not asked for")


def read(*specs: str) -> dict[str, object]:
    return {name: value.data for name, value in read_inputs(specs, no_stdin).items()}


def read_stdin(text: str) -> dict[str, object]:
    return {name: value.data for name, value in read_inputs(["-"], lambda: text).items()}


def refused(*specs: str, stdin: str | None = None) -> list[tuple[str, str]]:
    """The codes and messages with which specs are refused, promptly."""
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_inputs(specs, no_stdin if stdin is None else lambda: stdin)
    assert time.monotonic() - start < 5
    assert caught.value.exit_code == 3
    return [(d.code, d.message) for d in caught.value.diagnostics]


def code_of(*specs: str, stdin: str | None = None) -> str:
    ((code, _),) = refused(*specs, stdin=stdin)
    return code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestTyped:
    def test_scalars_and_arrays(self) -> None:
        assert read("a=5,b=[1,2.5,3],c=[[1,2],[3,4]]") == {
            "a": 5,
            "b": [1, 2.5, 3],
            "c": [[1, 2], [3, 4]],
        }

    def test_white_space_and_several_specs(self) -> None:
        assert read(" a = 5 , b = [ 1 , 2 ] ", "c=1") == {"a": 5, "b": [1, 2], "c": 1}

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("+5", 5),
            (".5", 0.5),
            ("-.5e1", -5.0),
            ("1e-3", 1e-3),
            ("inf", math.inf),
            ("+inf", math.inf),
            ("-inf", -math.inf),
            ("0", 0),
            ("9007199254740993", 2**53 + 1),
            ("-9223372036854775808", -(2**63)),
            ("1" + 30 * "0", 1e30),
        ],
    )
    def test_numbers(self, text: str, value: float) -> None:
        data = read(f"a={text}")["a"]
        assert data == value
        assert type(data) is type(value)

    def test_negative_zero_keeps_its_sign(self) -> None:
        (value,) = read("a=-0").values()
        assert isinstance(value, float)
        assert math.copysign(1, value) == -1

    def test_nan(self) -> None:
        (value,) = read("a=nan").values()
        assert isinstance(value, float)
        assert math.isnan(value)

    @pytest.mark.parametrize(
        "text",
        ["1_000", "5.", "007", "NaN", "Infinity", "true", "None", '"1"', "0x10", "1e", "--1", "1j"],
    )
    def test_everything_else_is_no_number(self, text: str) -> None:
        assert refused(f"a={text}")[0] == (
            "G0507",
            f"character 3 of `a={text}`: `{text}` is not a number",
        )

    def test_all_problems_are_reported(self) -> None:
        assert [code for code, _ in refused("a=x,b=[1,y],c=3", "d=z", "no.csv")] == [
            "G0507",
            "G0507",
            "G0507",
            "G0504",
        ]

    @pytest.mark.parametrize(
        ("spec", "code"),
        [
            ("a=[1,[2]]", "G0508"),
            ("a=[[1,2],[3]]", "G0508"),
            ("a=[[[1],[2]],[[1]]]", "G0508"),
            ("a=[", "G0506"),
            ("a=[1", "G0506"),
            ("a=[1]]", "G0506"),
            ("a=]", "G0506"),
            ("a=", "G0506"),
            ("a=5 6", "G0506"),
            ("a=[1 2]", "G0506"),
            ("a=[1,]", "G0506"),
            ("a=[,1]", "G0506"),
            ("a={}", "G0506"),
            ("", "G0501"),
            ("a", "G0501"),
            ("a=5,", "G0501"),
            ("a=1,2", "G0501"),
            ("=5", "G0502"),
            ("1a=5", "G0502"),
            ("a.b=5", "G0502"),
            ("a=1e400", "G0509"),
            ("a=-1e400", "G0509"),
        ],
    )
    def test_refused(self, spec: str, code: str) -> None:
        assert code_of(spec) == code

    def test_empty_arrays(self) -> None:
        assert read("a=[],b=[[],[]]") == {"a": [], "b": [[], []]}

    def test_names_are_normalised(self) -> None:
        assert read("ﬁ=3") == {"fi": 3}
        assert code_of("ﬁ=3", "fi=4") == "G0503"

    def test_given_twice_names_both_places(self) -> None:
        assert refused("a=1", "b=2,a=3") == [
            ("G0503", "`a` is given twice: character 1 of `a=1`, and character 5 of `b=2,a=3`")
        ]

    def test_nothing_invisible_reaches_a_message(self) -> None:
        ((_, message),) = refused("a\u202e\x1b=3")
        assert message == r"character 1 of `a\u202e\x1b=3`: `a\u202e\x1b` is not a name"

    def test_nothing_is_evaluated(self) -> None:
        assert code_of("a=__import__('os')") == "G0507"

    @pytest.mark.parametrize(
        "spec",
        [
            "a=" + "9" * 1_000_000,
            "a=[" + "1" * 1_000_000 + "x]",
            "a=" + "[" * 100_000,
            "a=" + "[" * 100_000 + "]" * 100_000,
            "a=1," * 100_000 + "b",
            "a=1," * 100_000 + "b=1",
            "a=x," * 100_000,
            "a=[" + "x," * 100_000 + "1]",
            "a=" + " " * 100_000 + "[" + " " * 100_000,
            "-" * 100_000,
            "a" * 100_000 + ".json",
        ],
    )
    def test_enormous_texts_are_refused_promptly(self, spec: str) -> None:
        found = refused(spec)
        assert len(found) <= 50
        assert all(len(message) < 500 for _, message in found)

    def test_a_million_digits_after_the_point(self) -> None:
        assert read("a=0." + "9" * 1_000_000) == {"a": 1.0}


class TestJson:
    def test_object(self) -> None:
        assert read_stdin('{"a": 1, "b": [[1.5], [-2e3]], "c": "-inf"}') == {
            "a": 1,
            "b": [[1.5], [-2000.0]],
            "c": -math.inf,
        }

    def test_escaped_names(self) -> None:
        assert read_stdin(r'{"\u0061": 1, "\ufb01": 2}') == {"a": 1, "fi": 2}

    def test_empty_object_and_byte_order_mark(self) -> None:
        assert read_stdin("\ufeff { } \n") == {}

    @pytest.mark.parametrize(
        ("text", "codes"),
        [
            ("", ["G0506"]),
            ("[1]", ["G0506"]),
            ('{"a":1,}', ["G0506"]),
            ('{"a":1} x', ["G0506"]),
            ('{"a":1', ["G0506"]),
            ('{"a" 1}', ["G0506"]),
            ("{a:1}", ["G0506"]),
            ('{"a\n":1}', ["G0506"]),
            ('{"a":{"b":1}}', ["G0506"]),
            ('{"a":"x', ["G0507", "G0506"]),
            ('{"a":NaN,"b":[Infinity,-Infinity]}', ["G0507"] * 3),
            ('{"a":true,"b":null,"c":["x"]}', ["G0507"] * 3),
            ('{"a":+1}', ["G0507"]),
            ('{"a":.5}', ["G0507"]),
            ('{"a":01}', ["G0507"]),
            ('{"a":1,"a":2}', ["G0503"]),
            ('{"a b":1}', ["G0502"]),
            (r'{"\ud800":1}', ["G0502"]),
            ('{"a":[1,[2]]}', ["G0508"]),
            ('{"a":1\0}', ["G0505"]),
            ('{"a":' + "[" * 100_000, ["G0508"]),
            ('{"a":' * 100_000, ["G0506"]),
            ('{"a":' + "1" * 1_000_000 + "}", ["G0509"]),
            ('{"a":"' + "x" * 1_000_000, ["G0507", "G0506"]),
            ('{"' + "\\" * 1_000_000, ["G0506"]),
        ],
    )
    def test_refused(self, text: str, codes: list[str]) -> None:
        assert [code for code, _ in refused("-", stdin=text)] == codes

    def test_places_have_line_and_column(self, folder: Path) -> None:
        (folder / "a.json").write_text('{"x": [1,\n  true]}')
        assert refused("a.json")[0][1] == "a.json:2:3: `true` is not a number"

    def test_many_problems_are_counted(self) -> None:
        with pytest.raises(InputError) as caught:
            read_inputs(["-"], lambda: '{"a": [' + "null," * 1000 + "1]}")
        assert len(caught.value.diagnostics) == 10
        assert caught.value.diagnostics[-1].notes == ("and 990 more problems, not shown",)

    def test_standard_input_twice(self) -> None:
        assert code_of("-", "-") == "G0503"

    def test_standard_input_that_cannot_be_read(self) -> None:
        def closed() -> str:
            raise OSError("closed")

        def binary() -> str:
            return b"\xff".decode()

        for stdin, code in ((closed, "G0504"), (binary, "G0505")):
            with pytest.raises(InputError) as caught:
                read_inputs(["-"], stdin)
            assert caught.value.diagnostics[0].code == code

    def test_a_value_by_name(self, folder: Path) -> None:
        (folder / "v.json").write_text("[[1, 2], [3, 4]]")
        assert read("X=v.json,y=1") == {"X": [[1, 2], [3, 4]], "y": 1}

    @settings(max_examples=200)
    @given(
        st.recursive(
            st.floats() | st.integers(-(2**60), 2**60),
            lambda inner: st.lists(inner, min_size=1, max_size=1),
        )
        | st.lists(st.floats(), max_size=5)
        | st.lists(st.lists(st.floats(), min_size=2, max_size=2), max_size=3)
    )
    def test_our_own_json_reads_back(self, value: object) -> None:
        text = json.dumps({"a": json_value(value)}, allow_nan=False)
        assert repr(read_stdin(text)["a"]) == repr(value)


class TestCsv:
    def write(self, text: str | bytes) -> str:
        Path("t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return "t.csv"

    def test_columns(self, folder: Path) -> None:
        spec = self.write('\ufeffx , "y"\r\n1,"2"\r\n -inf,3e1\r\n\r\n')
        values = read_inputs([spec], no_stdin)
        assert {name: value.data for name, value in values.items()} == {
            "x": [1, -math.inf],
            "y": [2, 30.0],
        }
        assert all(value.from_column for value in values.values())

    def test_matrix_by_name(self, folder: Path) -> None:
        value = read_inputs([f"X={self.write('x,y,z,w.1')}"], no_stdin)["X"]
        assert value.data == []
        value = read_inputs([f"X={self.write('a b,c' + chr(10) + '1,2')}"], no_stdin)["X"]
        assert value.data == [[1, 2]]
        assert not value.from_column

    def test_no_rows(self, folder: Path) -> None:
        assert read(self.write("x,y\n")) == {"x": [], "y": []}

    def test_bad_cells_name_file_row_and_column(self, folder: Path) -> None:
        assert refused(self.write("x,y\n1,abc\n3\n,1e999\n")) == [
            ("G0507", "t.csv, row 1 (line 2), column `y`: `abc` is not a number"),
            ("G0510", "t.csv, row 2 (line 3): 1 cell, the header has 2"),
            ("G0507", "t.csv, row 3 (line 4), column `x`: the cell is empty"),
            ("G0509", "t.csv, row 3 (line 4), column `y`: " + OVERFLOW),
        ]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "G0510"),
            ("\n\n", "G0510"),
            ("\nx\n1", "G0510"),
            ("x,x\n1,2", "G0503"),
            ("x,\n1,2", "G0502"),
            ("a b\n1", "G0502"),
            ("1,2\n3,4", "G0510"),
            ("x;y\n1;2", "G0510"),
            ("x\ty\n1\t2", "G0510"),
            ('x\n"1', "G0510"),
            ('x\n"1"2', "G0510"),
            ("x\n1\n\n2", "G0510"),
            ("x\n" + "1" * 200_000, "G0510"),
            ('x\n"1,5"', "G0507"),
            ("x\ntrue", "G0507"),
            (b"x\n\xe9", "G0505"),
            ("x\n1\0", "G0505"),
            ("x\n1".encode("utf-16"), "G0505"),
        ],
    )
    def test_refused(self, folder: Path, text: str | bytes, code: str) -> None:
        assert code_of(self.write(text)) == code


OVERFLOW = "`1e999` is larger than the largest double, about 1.8e308"


class TestFiles:
    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
    def test_missing_directory_pipe_and_impossible_names(self, folder: Path) -> None:
        (folder / "d.json").mkdir()
        os.mkfifo(folder / "p.csv")
        assert refused("no.json") == [("G0504", "`no.json` cannot be read: there is no such file")]
        assert refused("d.json") == [("G0504", "`d.json` is a directory")]
        assert refused("p.csv") == [("G0504", "`p.csv` is not a regular file")]
        for name in ("a\0.json", "X=a\0.npy", "\ud800.csv", "X=\0.npz", "a\0.npz"):
            assert refused(name)[0][0] in ("G0504", "G0501")

    @pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root reads everything")
    def test_unreadable(self, folder: Path) -> None:
        (folder / "a.json").touch(mode=0o000)
        assert refused("a.json") == [("G0504", "`a.json` cannot be read: permission denied")]

    def test_scalars_do_not_import_numpy(self) -> None:
        script = (
            "import sys; from gradc.runtime.inputs import read_inputs;"
            "read_inputs(['a=5,b=-inf', '-'], lambda: '{\"c\": 1}');"
            "sys.exit('numpy' in sys.modules or 'json' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


class TestNumpyFiles:
    @pytest.mark.parametrize(
        "array",
        [
            np.arange(6.0).reshape(2, 3),
            np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            np.arange(3, dtype=">i4"),
            np.arange(3, dtype=np.uint64),
            np.arange(3, dtype=np.float16),
            np.array(3.5),
            np.zeros((0, 3)),
        ],
    )
    def test_arrays(self, folder: Path, array: np.ndarray) -> None:
        np.save("a.npy", array)
        np.savez("a.npz", x=array, y=array)
        np.savez_compressed("b.npz", z=array)
        values = read("X=a.npy", "a.npz", "b.npz")
        assert list(values) == ["X", "x", "y", "z"]
        for value in values.values():
            np.testing.assert_array_equal(value, array)

    @pytest.mark.parametrize(
        ("array", "what"),
        [
            (np.array([{}], dtype=object), "Python objects"),
            (np.ones(2, complex), "complex numbers"),
            (np.array(["a"]), "strings"),
            (np.array([b"a"]), "strings"),
            (np.array([True]), "booleans"),
            (np.zeros(2, [("x", "f4")]), "structured records"),
            (np.zeros(2, "M8[ns]"), "dates"),
            (np.zeros(2, np.longdouble), "elements of dtype `f16`"),
        ],
    )
    def test_other_dtypes(self, folder: Path, array: np.ndarray, what: str) -> None:
        np.save("a.npy", array)
        np.savez("a.npz", x=array)
        assert refused("X=a.npy") == [("G0512", f"a.npy holds {what}")]
        assert refused("a.npz") == [("G0512", f"a.npz, `x.npy` holds {what}")]

    def test_names_are_needed(self, folder: Path) -> None:
        np.save("a.npy", np.zeros(2))
        np.savez("a.npz", x=np.zeros(2))
        assert code_of("a.npy") == "G0501"
        assert code_of("X=a.npz") == "G0501"

    def test_claims_about_size_are_checked_first(self, folder: Path) -> None:
        np.save("a.npy", np.zeros(2))
        content = Path("a.npy").read_bytes()
        for changed in (
            content[:-1],
            content + b"\0",
            content[:20],
            content[:9],
            b"",
            b"junk",
            content.replace(b"(2,), }" + b" " * 9, b"(2000000000,), }"),
            content.replace(b"(2,)", b"(-2)"),
        ):
            Path("a.npy").write_bytes(changed)
            assert code_of("X=a.npy") == "G0511"
            with zipfile.ZipFile("a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("x.npy", changed)
            assert code_of("a.npz") == "G0511"

    def test_an_array_without_elements_but_with_long_axes(self, folder: Path) -> None:
        np.save("a.npy", np.zeros((0, 1)))
        content = Path("a.npy").read_bytes()
        long = b"(0, " + b"9" * 17 + b", " + b"9" * 17 + b")"
        text = content.replace(b"(0, 1), }" + b" " * (len(long) - 6), long + b", }")
        assert len(text) == len(content)
        Path("a.npy").write_bytes(text)
        assert code_of("X=a.npy") == "G0511"

    def test_bombs(self, folder: Path) -> None:
        with (
            zipfile.ZipFile("a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("x.npy", "w") as member,
        ):
            for _ in range(257):
                member.write(bytes(2**20))
        ((code, message),) = refused("a.npz")
        assert code == "G0511"
        assert "claims to expand" in message

    def test_other_archives(self, folder: Path) -> None:
        with zipfile.ZipFile("a.npz", "w") as archive:
            archive.writestr("readme.txt", "hello")
        assert code_of("a.npz") == "G0511"
        with zipfile.ZipFile("a.npz", "w", zipfile.ZIP_BZIP2) as archive:
            archive.writestr("x.npy", "hello")
        assert code_of("a.npz") == "G0511"
        Path("a.npz").write_bytes(b"PK\x05\x06")
        assert code_of("a.npz") == "G0511"


SPEC_TEXT = st.text(alphabet='ab=[],1.-+e"{}: \0\n', max_size=40) | st.text(max_size=40)


@settings(max_examples=500)
@given(st.lists(SPEC_TEXT, max_size=3), SPEC_TEXT)
def test_any_spec_gives_values_or_input_errors(specs: list[str], stdin: str) -> None:
    for text in (specs, ["-", *specs]):
        with suppress(InputError):
            values = read_inputs(text, lambda: stdin)
            assert all(isinstance(value, RawValue) for value in values.values())


def seeds() -> list[tuple[str, bytes]]:
    npy, npz, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(npy, np.arange(6.0).reshape(2, 3))
    np.savez(npz, x=np.arange(3), y=1.0)
    np.savez_compressed(packed, x=np.arange(3))
    return [
        ("X=f.npy", npy.getvalue()),
        ("f.npz", npz.getvalue()),
        ("f.npz", packed.getvalue()),
        ("f.csv", b'x,"y"\n1,2\n3,4\n'),
        ("X=f.csv", b"x,y\n1,2\n3,4\n"),
        ("f.json", b'{"a": [[1, 2], [3, "nan"]], "b": -1e5}'),
        ("X=f.json", b"[[1, 2], [3, 4]]"),
    ]


@pytest.mark.parametrize(("spec", "content"), seeds())
def test_any_file_gives_values_or_input_errors(folder: Path, spec: str, content: bytes) -> None:
    path = folder / spec.removeprefix("X=")

    @settings(max_examples=300, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, len(content)), st.binary(max_size=4), st.integers(0, 4)),
            max_size=4,
        )
    )
    def changed(edits: list[tuple[int, bytes, int]]) -> None:
        mutated = content
        for at, insert, delete in edits:
            mutated = mutated[:at] + insert + mutated[at + delete :]
        path.write_bytes(mutated)
        with suppress(InputError):
            read_inputs([spec], no_stdin)

    changed()


@pytest.mark.parametrize("header", ["{'descr': '<f8', 'fortran_order': False, 'shape': %s, }"])
@pytest.mark.parametrize("shape", ["(" * 5000, "-" * 5000 + "1", "(1L,)", "()", "9" * 5000])
def test_headers_are_matched_not_evaluated(folder: Path, header: str, shape: str) -> None:
    text = (header % shape).encode()
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)
    (folder / "a.npy").write_bytes(content)
    if shape in ("()", "(1L,)"):
        assert np.asarray(read_npy("a.npy").data).size == 1
    else:
        assert code_of("X=a.npy") == "G0511"


def test_every_code_is_explained_and_used() -> None:
    package = Path(inputs.__file__).parent.parent
    files = [*package.glob("*.py"), *package.glob("runtime/*.py"), *package.glob("cli/*.py")]
    sources = [path.read_text() for path in files]
    used = set(re.findall(r"\bG05\d\d\b", "".join(sources)))
    assert used == {*INPUT_CODES, *WORKER_CODES}
