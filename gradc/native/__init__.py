"""Emitted C as native code: built, kept, loaded and called.

`compilers` finds a compiler, `process` runs it, `cache` keeps what it makes, `build` puts these
together, `caller` calls what was built.  Nothing here knows programs or graphs: text goes in,
functions of arrays come out.  What goes wrong is a `NativeError`, which holds a Diagnostic; whether
another engine takes over is decided in `runtime.engines`.
"""
