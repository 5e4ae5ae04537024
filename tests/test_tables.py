"""Tables in files: every form gives the same numbers, and every wrong cell is named."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradc.diagnostics import GradcError, InputError
from gradc.runtime import tables_csv
from gradc.runtime.cells import number_of, numbers_of, numbers_of_arrow
from gradc.runtime.inputs import read_inputs
from gradc.runtime.tables import Block, open_table, regrouped, side_by_side, whole

pa = pytest.importorskip("pyarrow")

import pyarrow.feather as feather  # noqa: E402
import pyarrow.parquet as parquet  # noqa: E402


@pytest.fixture(params=["pyarrow", "without"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of reading CSV."""
    if request.param == "without":
        monkeypatch.setattr(tables_csv, "_arrow_csv", lambda: None)
    return str(request.param)


def written(folder: Path, content: str | bytes, name: str = "data.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def columns_of(path: str, *names: str) -> list[list[float]]:
    table = open_table(path, path.rpartition(".")[2])
    wanted = [table.names.index(name) for name in names or table.names]
    return [column.tolist() for column in whole(table, wanted)]


def refused(path: str, *names: str) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        columns_of(path, *names)
    return [(d.code, d.message.replace(path, "FILE")) for d in caught.value.diagnostics]


class TestCsv:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("bom", ["", "\ufeff"])
    @pytest.mark.parametrize("last", [True, False])
    def test_rows(self, tmp_path: Path, reader: str, end: str, bom: str, last: bool) -> None:
        lines = end.join(["x,y", "1,2.5", "-3e2,nan", "inf,-0"]) + (end if last else "")
        x, y = columns_of(written(tmp_path, bom + lines))
        assert x == [1, -300, math.inf]
        assert y[0] == 2.5
        assert math.isnan(y[1])
        assert math.copysign(1, y[2]) == -1

    def test_quotes_spaces_and_newlines_in_cells(self, tmp_path: Path, reader: str) -> None:
        text = 'x,"a, b",y\n1,"two\nlines, ""quoted""",2\n 3 ,z, "4"\n'
        assert columns_of(written(tmp_path, text), "x", "y") == [[1, 3], [2, 4]]

    def test_quotes_in_the_middle_of_a_file(
        self, tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tables_csv, "_BLOCK", 2**18)
        rows = [
            f"{i},{'text' if i < 70_000 else chr(34) + 'a' + chr(10) + 'b' + chr(34)}"
            for i in range(0, 140_000, 2)
        ]
        path = written(tmp_path, "x,t\n" + "\n".join(rows) + "\n")
        assert Path(path).stat().st_size > 3 * 2**18
        assert columns_of(path, "x") == [list(range(0, 140_000, 2))]

    def test_other_columns_may_hold_anything(self, tmp_path: Path, reader: str) -> None:
        path = written(tmp_path, "id,x,when\na b,1,2020-01-01\n,2,é\n")
        assert columns_of(path, "x") == [[1, 2]]

    def test_one_column_twice(self, tmp_path: Path, reader: str) -> None:
        table = open_table(written(tmp_path, "x,y\n1,2\n"), "csv")
        assert [c.tolist() for c in whole(table, [1, 1, 0])] == [[2], [2], [1]]

    def test_header_alone(self, tmp_path: Path, reader: str) -> None:
        assert columns_of(written(tmp_path, "x,y\n")) == [[], []]
        assert columns_of(written(tmp_path, "x,y")) == [[], []]

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            ("", "G0510", "FILE: the table is empty"),
            ("\n1\n", "G0510", "FILE: the table is empty"),
            (
                "1,2\n3,4\n",
                "G0510",
                "FILE, line 1: the first row has numbers where the names of the columns must stand",
            ),
            ("x,y\n1,2\n3\n", "G0510", "FILE, row 2 (line 3): 1 cell, the header has 2"),
            ("x,y\n1,2\n3,4,5\n", "G0510", "FILE, row 2 (line 3): 3 cells, the header has 2"),
            ("x,y\n1,2\n\n3,4\n", "G0510", "FILE, row 2 (line 3): 0 cells, the header has 2"),
            ("x\n1\n\n3\n", "G0510", "FILE, row 2 (line 3): 0 cells, the header has 1"),
            ("x,y\n1,2\n3,a\n", "G0507", "FILE, row 2 (line 3), column `y`: `a` is not a number"),
            ("x,y\n1,2\n3,\n", "G0507", "FILE, row 2 (line 3), column `y`: the cell is empty"),
            ("x,y\n1,NaN\n", "G0507", "FILE, row 1 (line 2), column `y`: `NaN` is not a number"),
            ("x,y\n1,007\n", "G0507", "FILE, row 1 (line 2), column `y`: `007` is not a number"),
            ("x,y\n1,5.\n", "G0507", "FILE, row 1 (line 2), column `y`: `5.` is not a number"),
            ("x,y\n1,1_0\n", "G0507", "FILE, row 1 (line 2), column `y`: `1_0` is not a number"),
            ("x,y\n1,true\n", "G0507", "FILE, row 1 (line 2), column `y`: `true` is not a number"),
            (
                "x,y\n1,1e999\n",
                "G0509",
                "FILE, row 1 (line 2), column `y`: `1e999` is larger than "
                "the largest double, about 1.8e308",
            ),
            ('x,y\n1,"5"6\n', "G0510", "FILE, line 2: ',' expected after '\"'"),
            ('x,y\n1,"5\n', "G0510", "FILE, line 2: unexpected end of data"),
            (b"x,y\n1,\xff\n", "G0505", "`FILE`, line 2: byte 0xff is not UTF-8"),
            (b"x,y\n1,2\n3,\0\n", "G0505", "`FILE`, line 3: there is a NUL character"),
            (
                "x,y\n1," + "9" * 200_000 + "\n",
                "G0510",
                "FILE, line 2: field larger than field limit (131072)",
            ),
        ],
    )
    def test_refused(
        self, tmp_path: Path, reader: str, text: str | bytes, code: str, message: str
    ) -> None:
        assert refused(written(tmp_path, text)) == [(code, message)]

    def test_a_bad_cell_far_behind(
        self, tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tables_csv, "_BLOCK", 2**18)
        rows = [f"{i},{i}" for i in range(90_000)]
        rows[89_000] = "5,oops"
        path = written(tmp_path, "x,y\n" + "\n".join(rows) + "\n\n\n")
        assert Path(path).stat().st_size > 3 * 2**18
        assert refused(path) == [
            ("G0507", "FILE, row 89001 (line 89002), column `y`: `oops` is not a number")
        ]
        assert len(columns_of(path, "x")[0]) == 90_000

    def test_blank_lines_at_the_end_of_a_block(
        self, tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tables_csv, "_BLOCK", 8)
        assert columns_of(written(tmp_path, "x,y\n1,2\n3,4\n" + 10 * "\n")) == [
            [1, 3],
            [2, 4],
        ]
        assert refused(written(tmp_path, "x,y\n1,2\n\n\n\n\n\n\n\n\n\n\n\n\n5,6\n"))[0] == (
            "G0510",
            "FILE, row 2 (line 3): 0 cells, the header has 2",
        )

    def test_small_blocks_change_nothing(
        self, tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = "long name,y\r\n" + "".join(f"{i},{i / 7}\r\n" for i in range(300))
        path = written(tmp_path, text)
        expected = columns_of(path)
        for size in (1, 7, 64, 1000):
            monkeypatch.setattr(tables_csv, "_BLOCK", size)
            assert columns_of(path) == expected


_CELL = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.from_regex(r"[-+]?[0-9.]{1,4}(e[-+]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["nan", "inf", "-inf", "+inf", "-nan", " 5", "5 ", "", "0", "-0", "00", "."]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_CELL, min_size=1, max_size=6))
def test_cells_are_numbers_in_every_way_or_in_none(cells: list[str]) -> None:
    expected = [number_of(cell) for cell in cells]
    array = pa.chunked_array([pa.array(["7", *cells])[1:]])
    for found in (numbers_of(cells), numbers_of_arrow(array)):
        if None in expected:
            assert found is None
        else:
            assert found is not None
            assert found.tobytes() == np.array(expected, dtype=float).tobytes()


ROWS: dict[str, list[object]] = {
    "x": [1.0, 2.5, -3.0],
    "k": [4, 5, 6],
    "v": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
}


class TestOtherForms:
    def test_parquet_and_arrow(self, tmp_path: Path) -> None:
        table = pa.table(
            {
                "x": ROWS["x"],
                "k": pa.array(ROWS["k"], pa.int64()),
                "v": pa.array(ROWS["v"], pa.list_(pa.float64(), 2)),
                "t": ["a", "b", "c"],
            }
        )
        parquet.write_table(table, tmp_path / "d.parquet", row_group_size=2)
        feather.write_feather(table, str(tmp_path / "d.feather"), compression="lz4")
        sink = pa.OSFile(str(tmp_path / "d.arrow"), "wb")
        with sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table, max_chunksize=2)
        for name in ("d.parquet", "d.feather", "d.arrow"):
            path = str(tmp_path / name)
            assert columns_of(path, "x", "k", "v") == list(ROWS.values())
            assert open_table(path, name[2:]).cells == ((), (), (2,), ())
            assert refused(path, "t") == [("G0512", "FILE, column `t` holds string")]

    def test_nulls_are_named(self, tmp_path: Path) -> None:
        path = str(tmp_path / "d.parquet")
        parquet.write_table(pa.table({"x": [1.0, None, None]}), path)
        assert refused(path) == [
            (
                "G0507",
                "FILE, row 2, column `x`: the cell is empty "
                "(1 more cell of the next rows likewise)",
            )
        ]

    @pytest.mark.parametrize("name", ["d.parquet", "d.arrow"])
    def test_other_files_under_these_names(self, tmp_path: Path, name: str) -> None:
        for content in (b"", b"x,y\n1,2\n", b"PAR1" * 10, b"ARROW1\0\0" + bytes(40)):
            assert refused(written(tmp_path, content, name))[0][0] == "G0546"

    def test_json_lines(self, tmp_path: Path) -> None:
        lines = [{name: ROWS[name][i] for name in ("x", "k", "v")} for i in range(3)]
        text = "\ufeff" + "\n".join(map(json.dumps, lines)) + "\n\n"
        path = written(tmp_path, text, "d.jsonl")
        assert columns_of(path, "x", "k", "v") == list(ROWS.values())
        words = written(tmp_path, '{"a": "inf", "ﬁ": -0}\n{"ﬁ": 1, "a": "nan"}\n', "w.jsonl")
        found = columns_of(words)
        assert found[0][0] == math.inf
        assert math.isnan(found[0][1])
        assert math.copysign(1, found[1][0]) == -1

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            ("", "G0510", "FILE: there is no row"),
            ('{"a": 1}\n\n{"a": 2}\n', "G0510", "FILE, line 2: there is no row in this line"),
            (
                '{"a": 1}\n{"b": 2}\n',
                "G0510",
                "FILE, line 2: `a` missing; `b` not in the first row",
            ),
            ('{"a": 1}\n{"a": true}\n', "G0507", "FILE:2:7: `true` is not a number"),
            ('{"a": 1}\n{"a": NaN}\n', "G0507", "FILE:2:7: `NaN` is not a number"),
            (
                '{"a": 1}\n{"a": 1e999}\n',
                "G0509",
                "FILE:2:7: `1e999` is larger than the largest double, about 1.8e308",
            ),
            (
                '{"a": 1}\n{"a": 1, "a": 2}\n',
                "G0503",
                "FILE:2:10: `a` is given twice, first at FILE:2:2",
            ),
            (
                '{"a": 1}\n{"a": [1]}\n',
                "G0508",
                "FILE, line 2: `a` has another shape than in the first row",
            ),
            (
                '{"a": 1}\n[1]\n',
                "G0506",
                "FILE:2:1: an object `{...}` of named values must stand here, found `[`",
            ),
        ],
    )
    def test_bad_lines(self, tmp_path: Path, text: str, code: str, message: str) -> None:
        assert refused(written(tmp_path, text, "d.jsonl")) == [(code, message)]

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_arrays(self, tmp_path: Path, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gradc.runtime.tables_npy._BYTES", 50)
        array = np.array(np.arange(60.0).reshape(20, 3), order=order)
        np.save(tmp_path / "a.npy", array)
        np.savez_compressed(tmp_path / "a.npz", X=array, k=np.arange(20))
        for name in ("a.npy", "a.npz:X"):
            found = read_inputs([f"X={tmp_path / name}"], str)["X"].data
            assert np.array_equal(np.asarray(found), array)
        table = open_table(str(tmp_path / "a.npy"), "npy")
        assert np.array_equal(whole(table, [0])[0], array)


class TestMapping:
    def read(self, *specs: str) -> dict[str, list[object]]:
        found = read_inputs(specs, str)
        return {name: np.asarray(value.data).tolist() for name, value in found.items()}

    def test_columns(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        written(tmp_path, "x1,x2,the label\n1,2,0\n3,4,1\n")
        assert self.read("X=data.csv:x1,x2", "y=data.csv:the label", "b=2") == {
            "X": [[1, 2], [3, 4]],
            "y": [0, 1],
            "b": 2,
        }
        assert self.read("a=1,X=data.csv:x2,x1,w=[1,2],y=data.csv:x1") == {
            "X": [[2, 1], [4, 3]],
            "y": [1, 3],
            "a": 1,
            "w": [1, 2],
        }

    def test_columns_in_quotes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        text = '"size, in m",a=b,"5"" pipe",x\n1,2,3,4\n5,6,7,8\n'
        written(tmp_path, text)
        (tmp_path / "k=v.csv").write_text(text, encoding="utf-8")
        assert self.read('X=data.csv:"size, in m","a=b",x', 'y=data.csv:"5"" pipe"', "b=2") == {
            "X": [[1, 2, 4], [5, 6, 8]],
            "y": [3, 7],
            "b": 2,
        }
        assert self.read('a=1,X=data.csv:"a=b", "x",w=[1,2]') == {
            "X": [[2, 4], [6, 8]],
            "a": 1,
            "w": [1, 2],
        }
        assert self.read('y=data.csv:5" pipe', "z=data.csv:a=b", "v=k=v.csv:x") == {
            "y": [3, 7],
            "z": [2, 6],
            "v": [4, 8],
        }
        with pytest.raises(InputError) as raised:
            self.read("X=data.csv:size, in m")
        assert "a comma stands in quotes" in str(raised.value.diagnostics[0].help)

    @pytest.mark.parametrize(
        ("spec", "code"),
        [
            ("y=data.csv:labl", "G0541"),
            ("y=data.csv:", "G0541"),
            ("y=data.csv:x,,y", "G0541"),
            ("data.csv:x", "G0541"),
            ("y=data.csv:y", "G0503"),
            ("y=missing.csv:x", "G0504"),
            ("y=data.csv:x,y=data.csv:x", "G0503"),
        ],
    )
    def test_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str, code: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        written(tmp_path, "x,y,y\n1,2,0\n3,4,1\n")
        with pytest.raises(GradcError) as caught:
            read_inputs([spec], str)
        assert [d.code for d in caught.value.diagnostics] == [code]


def blocks_of(*lengths: int) -> Iterator[Block]:
    start = 0
    for length in lengths:
        yield Block(start, [np.arange(start, start + length)], 0.0)
        start += length


@pytest.mark.parametrize("lengths", [(), (1,), (5, 5), (3, 1, 7), (10, 1), (2, 9)])
@pytest.mark.parametrize("rows", [1, 3, 5, 100])
def test_blocks_are_regrouped(lengths: tuple[int, ...], rows: int) -> None:
    found = list(regrouped(blocks_of(*lengths), rows))
    total = sum(lengths)
    assert [n for block in found for n in block.columns[0]] == list(range(total))
    assert [block.start for block in found] == list(range(0, total, rows))
    assert all(block.rows == rows for block in found[:-1])


def test_files_side_by_side_end_together(tmp_path: Path) -> None:
    long = open_table(written(tmp_path, "x\n1\n2\n3\n", "long.csv"), "csv")
    short = open_table(written(tmp_path, "x\n1\n2\n", "short.csv"), "csv")
    with pytest.raises(InputError) as caught:
        list(side_by_side([(long, [0]), (short, [0])], 2))
    assert caught.value.diagnostics[0].code == "G0543"
    assert "short.csv has 2 rows, and " in caught.value.diagnostics[0].message


def test_a_missing_package_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    path = written(tmp_path, "x", "d.parquet")
    with pytest.raises(GradcError) as caught:
        open_table(path, "parquet")
    assert caught.value.diagnostics[0].code == "G0771"
    assert caught.value.diagnostics[0].help == "pip install 'gradc[data]'"
