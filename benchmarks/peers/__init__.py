"""The same gradients by gradc and by the libraries that its users would otherwise choose.

`workloads` says what is computed and on which data; one file `with_NAME.py` for each peer says
how it is written with that library; `worker` is the process of one peer, `runner` interleaves
them, and `report` makes `docs/benchmarks.md` of what was measured.
"""
