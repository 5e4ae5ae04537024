"""Codes of computing blocks of rows in several processes or on a Dask cluster.

Entries of the table in `codes`, which says what the fields are.
"""

from __future__ import annotations

from gradc.diagnostics.errorcode import ErrorCode

WORKER_CODES: dict[str, ErrorCode] = {
    "G0555": ErrorCode(
        "Workers end over the same rows",
        "A block of rows whose worker ends is given to another one, so that nothing is lost. Where "
        "several have ended over the same rows, the rows are the likely reason: most often they "
        "need more memory than a worker has, and the system ends it.",
        bad="gradc run f.g --inputs X=data.parquet:x w=0 --workers 8 --chunk 100000000",
        good="gradc run f.g --inputs X=data.parquet:x w=0 --workers 8 --chunk 100000",
    ),
    "G0556": ErrorCode(
        "No scheduler there",
        "No Dask scheduler answers at the address within 5 seconds, or what is given is no "
        "address. gradc starts no cluster: `dask scheduler` and `dask worker ADDRESS` do.",
        bad="gradc fit f.g --inputs data.csv --start w=0 --scheduler 192.168.0.1",
        good="gradc fit f.g --inputs data.csv --start w=0 --scheduler tcp://192.168.0.1:8786",
    ),
    "G0557": ErrorCode(
        "Lost the cluster",
        "The scheduler has no workers, or it or all of its workers went away while rows were "
        "computed. One worker that goes away is no error: its rows are computed by another one.",
        bad="dask scheduler  # and no worker",
        good="dask scheduler & dask worker tcp://127.0.0.1:8786",
    ),
    "G0558": ErrorCode(
        "No rows to divide",
        "Workers compute sums over rows of tables, block by block: a value and its gradient. A "
        "request without such a table, one for a Jacobian or a Hessian, and one with a row of "
        "results for each row of data are computed in one process.",
        bad="gradc run circuit.g --inputs a=5,b=3,c=2 --workers 2",
        good="gradc run logistic.g --inputs X=data.csv:x1,x2 y=data.csv:y w=[0,0] b=0 --workers 2",
    ),
}
