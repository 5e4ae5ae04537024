"""GradBench with gradc: a tool that speaks GradBench's protocol, and a driver that checks it.

    python -m benchmarks.gradbench              the tool: messages on standard input
    python -m benchmarks.gradbench.drive        sends the messages of all evaluations to it

What is computed is in the programs of `programs/`; `docs/gradbench.md` says how.
"""
