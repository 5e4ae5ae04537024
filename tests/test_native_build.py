"""Compilers found, run and ended; what they make kept, and nothing else loaded."""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from interrupts import hear_interrupts

from gradc.diagnostics.codes_native import NATIVE_CODES
from gradc.native.build import CALL_SOURCE, SUFFIX, Workshop
from gradc.native.cache import Cache, clear, open_cache, usage
from gradc.native.compilers import Compiler, find_compiler
from gradc.native.faults import NativeError
from gradc.native.flags import Toolchain, Way
from gradc.native.library import Library

SOURCE = "int answer(void) { return 42; }\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory for each test; the compiler is what the system has."""
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache home"))
    return tmp_path / "cache home" / "gradc" / "native-1"


def workshop(seconds: float = 60.0) -> Workshop:
    return Workshop(find_compiler(), open_cache(), seconds)


def answer(path: str) -> int:
    return int(ctypes.CDLL(path).answer())


def script(folder: Path, text: str, name: str = "fake cc") -> Path:
    """A compiler that is a shell script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(text)}", encoding="utf-8")
    path.chmod(0o700)
    return path


def code_of(error: pytest.ExceptionInfo[NativeError]) -> str:
    (found,) = error.value.diagnostics
    assert found.code in NATIVE_CODES
    return found.code


def test_for_one_thread_nothing_is_divided() -> None:
    """To call a loop that threads could share takes time, with one thread too."""
    text = f"""
        int each[2];
        {SOURCE}
        void both(void) {{
            #pragma omp parallel for
            for (int i = 0; i < 2; i++) each[i] = i;
        }}
    """
    shop = workshop()
    alone = Path(shop.built(text, Way.ALONE))
    assert shop.kept(text) is None
    assert b"GOMP" not in alone.read_bytes()
    if shop.toolchain.threads and "Free Software Foundation" in shop.toolchain.version:
        assert b"GOMP" in Path(shop.built(text)).read_bytes()
    assert answer(str(alone)) == 42


def test_what_is_built_is_kept_and_not_built_again(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workshop().built(SOURCE)
    assert answer(path) == 42
    assert path.startswith(str(own_cache))
    monkeypatch.setattr("gradc.native.build.running", None)  # nothing can be run
    assert workshop().built(SOURCE) == path
    assert workshop().kept("int other;") is None


def test_nothing_but_what_is_kept_is_left_behind(own_cache: Path, tmp_path: Path) -> None:
    here = set(os.listdir())
    workshop().built(SOURCE)
    assert all(file.suffix in (SUFFIX, ".json") for file in own_cache.rglob("*") if file.is_file())
    assert set(os.listdir()) == here


def test_the_cache_is_private(own_cache: Path) -> None:
    old = os.umask(0)
    try:
        path = workshop().built(SOURCE)
    finally:
        os.umask(old)
    for each in (Path(path), Path(path).parent, own_cache):
        assert not each.stat().st_mode & 0o077


def test_another_process_may_find_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, other = workshop(), workshop()
    probed = shop._probed

    def later() -> Toolchain:
        assert other.toolchain
        return probed()

    monkeypatch.setattr(shop, "_probed", later)
    assert answer(shop.built(SOURCE)) == 42
    assert shop.toolchain == other.toolchain


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty", "foreign", "fifo", "folder"])
def test_a_file_that_is_not_what_was_kept_is_built_again(damage: str) -> None:
    shop = workshop()
    path = Path(shop.built(SOURCE))
    content = path.read_bytes()
    other = Path(shop.built("int answer(void) { return 7; }\n"))
    path.unlink()
    if damage == "truncated":
        path.write_bytes(content[:1000])
    elif damage == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "empty":
        path.touch()
    elif damage == "foreign":  # whole, and of another text
        (path.parent / other.name).write_bytes(other.read_bytes())
    elif damage == "fifo":
        os.mkfifo(path)
    else:
        path = path.parent / ("0" * 64 + SUFFIX)
        path.mkdir()
    again = workshop().built(SOURCE)
    assert Path(again).read_bytes() == content
    assert answer(again) == 42


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_stands_in_the_way_of_an_object_goes(what: str, own_cache: Path) -> None:
    path = Path(workshop().built(SOURCE))
    path.unlink()
    if what == "folder":  # by the very name, with something in it
        (path / "within").mkdir(parents=True)
    else:  # in the place of the folder
        path.parent.rmdir()
        path.parent.touch()
    shop = workshop()
    assert shop.built(SOURCE) == str(path)
    assert shop.cache.refused is None
    assert answer(str(path)) == 42


def used(path: Path, seconds: float) -> None:
    """Have a file last used so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_was_longest_not_used_goes(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradc.native.cache.LIMIT", 2500)
    cache = open_cache()
    first, second = (Path(cache.put(key, ".so", bytes(1000))) for key in ("a", "b"))
    left = own_cache / "c" / ".left"  # by a process that was killed
    left.parent.mkdir()
    left.write_bytes(bytes(1000))
    used(first, 3000)
    used(second, 2000)
    used(left, 4000)
    assert cache.get("a", ".so") is not None  # which uses it
    third = Path(cache.put("d", ".so", bytes(1000)))
    assert [path.exists() for path in (first, second, third, left)] == [True, False, True, False]
    assert sorted(os.listdir(own_cache)) == ["a", "d"]
    fourth = Path(cache.put("e", ".so", bytes(1000)))
    assert fourth.exists()
    assert first.exists()  # used so lately that another process may be about to load it
    used(first, 3000)
    used(third, 3000)
    large = Path(cache.put("f", ".so", bytes(9000)))  # of more than the limit by itself
    assert [path.exists() for path in (first, third, fourth, large)] == [False, False, True, True]


def test_clearing_removes_folders_with_the_names_of_objects(own_cache: Path) -> None:
    path = Path(workshop().built(SOURCE))
    path.unlink()
    (path / "within").mkdir(parents=True)
    (path / "within" / "file").write_bytes(b"12345")
    outside = own_cache.parent / "outside"
    outside.mkdir()
    outside.chmod(0o755)
    (path / "link").symlink_to(outside)
    path.chmod(0)
    found = clear()
    assert found is not None
    assert not own_cache.exists()
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


@pytest.mark.parametrize("what", ["world", "group", "parent", "link"])
def test_a_directory_in_which_others_can_write_is_not_used(
    what: str, own_cache: Path, tmp_path: Path
) -> None:
    own_cache.mkdir(parents=True)
    if what == "parent":
        own_cache.parent.chmod(0o777)
    elif what == "link":
        own_cache.rmdir()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere").chmod(0o777)
        own_cache.symlink_to(tmp_path / "elsewhere")
    else:
        own_cache.chmod(0o777 if what == "world" else 0o770)
    cache = open_cache()
    assert cache.refused
    assert ("is a link" if what == "link" else "can be written by") in cache.refused
    assert stat.S_IMODE(os.stat(cache.path).st_mode) == 0o700
    assert answer(Workshop(find_compiler(), cache).built(SOURCE)) == 42
    assert not list(own_cache.iterdir())


def test_a_directory_of_somebody_else_is_not_used(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_cache.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: 987_654)
    assert "belongs to another user" in str(open_cache().refused)


def test_a_directory_that_others_can_read_becomes_private(own_cache: Path) -> None:
    own_cache.mkdir(parents=True)
    own_cache.chmod(0o755)
    assert open_cache().refused is None
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700


def test_what_a_link_leads_to_stays_as_it_is(own_cache: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    other.chmod(0o755)
    own_cache.parent.mkdir(parents=True)
    own_cache.symlink_to(other)
    cache = open_cache()
    assert cache.refused == f"{own_cache} is a link"
    cache.put("key", SUFFIX, b"content")
    assert stat.S_IMODE(other.stat().st_mode) == 0o755
    assert not list(other.iterdir())


@pytest.mark.parametrize("home", [None, "", "relative", "/nonexistent/home", "/dev/null"])
def test_a_home_that_cannot_be_used(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    if home is None:
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    else:
        monkeypatch.setenv("HOME", home)
    if home == "/nonexistent/home" and os.geteuid() == 0:
        pytest.skip("root can make it")
    cache = open_cache()
    assert cache.refused
    assert answer(Workshop(find_compiler(), cache).built(SOURCE)) == 42


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_cache().path.startswith(str(tmp_path))


def test_a_cache_that_fills_up_or_goes_away(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(self: Cache, key: str, suffix: str, content: bytes) -> str:
        if self.path == str(own_cache):
            raise OSError(28, "No space left on device")
        return put(self, key, suffix, content)

    put = Cache.put
    monkeypatch.setattr(Cache, "put", no_space)
    shop = workshop()
    assert answer(shop.built(SOURCE)) == 42
    assert "No space left" in str(shop.cache.refused)


def test_processes_that_build_the_same_at_once(tmp_path: Path) -> None:
    code = f"""
        import ctypes
        from gradc.native.build import Workshop
        from gradc.native.cache import open_cache
        from gradc.native.compilers import find_compiler
        path = Workshop(find_compiler(), open_cache()).built({SOURCE!r})
        print(ctypes.CDLL(path).answer())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    team = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=120)[0].strip() for process in team] == ["42"] * 4
    found = usage()
    assert found is not None
    assert found.files == 3  # the text, call.c, and what the compiler takes


def test_clearing(own_cache: Path, tmp_path: Path) -> None:
    assert clear() is not None  # nothing is there yet
    path = workshop().built(SOURCE)
    beside = own_cache.parent / "other"
    beside.touch()
    found = clear()
    assert found is not None
    assert found.files == 3
    assert found.bytes > 1000
    assert not Path(path).exists()
    assert beside.exists()
    assert answer(workshop().built(SOURCE)) == 42


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NativeError, match=r"gcc nor clang is on the PATH") as error:
        find_compiler()
    assert code_of(error) == "G0801"
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(NativeError, match="there is no such program") as error:
        find_compiler()
    assert code_of(error) == "G0801"


def test_the_compiler_that_cc_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = script(tmp_path, 'exec gcc "$@"\n')
    monkeypatch.setenv("CC", str(path))  # with a space in it
    assert find_compiler().command == (str(path),)
    assert answer(workshop().built(SOURCE)) == 42
    monkeypatch.setenv("CC", "gcc -DGRADC_TEST=1")
    assert find_compiler().command[1:] == ("-DGRADC_TEST=1",)
    checked = f"#ifndef GRADC_TEST\n#error\n#endif\n{SOURCE}"
    assert answer(workshop().built(checked)) == 42


def test_another_version_builds_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", str(script(tmp_path, 'exec gcc "$@"\n')))
    first = workshop().built(SOURCE)
    script(tmp_path, '[ "$1" = --version ] && echo 2 && exit\nexec gcc "$@"\n')
    assert workshop().built(SOURCE) != first


def test_flags_that_a_compiler_does_not_take_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = """
        for a in "$@"; do
          case "$a" in -fopenmp|-mprefer*) echo "unknown $a"; exit 1;; esac
        done
        exec gcc "$@"
    """
    monkeypatch.setenv("CC", str(script(tmp_path, old)))
    flags = workshop().toolchain.flags
    assert "-ffp-contract=off" in flags
    assert not {"-fopenmp", "-mprefer-vector-width=512"} & set(flags)
    assert answer(workshop().built(SOURCE)) == 42


def test_the_first_text_is_compiled_while_it_is_found_out_what_a_compiler_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = f"""
        [ "$1" = --version ] && echo 1 && exit
        if grep -q gradc_begin program.c; then
          for try in $(seq 200); do [ -e "{tmp_path}/mark" ] && exec gcc "$@"; sleep 0.05; done
          exit 1
        fi
        touch "{tmp_path}/mark"
        exec gcc "$@"
    """
    monkeypatch.setenv("CC", str(script(tmp_path, text)))
    shop = workshop()
    with shop.begun():
        assert answer(shop.built(SOURCE)) == 42
    assert "-fopenmp" in shop.toolchain.flags
    assert shop.kept(SOURCE) is not None
    monkeypatch.setattr("gradc.native.build.running", None)  # nothing can be run
    shop.built(CALL_SOURCE.read_text(encoding="utf-8"), Way.PLAIN)


def test_a_text_is_compiled_again_where_a_compiler_takes_less_than_hoped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = """
        case "$*" in *"-fopenmp "*) grep -q gradc_begin program.c && exit 1;; esac
        exec gcc "$@"
    """
    monkeypatch.setenv("CC", str(script(tmp_path, old)))
    shop = workshop()
    with shop.begun():
        path = shop.built(SOURCE)
    assert "-fopenmp" not in shop.toolchain.flags
    assert answer(path) == 42
    assert workshop().kept(SOURCE) == path


def test_a_compiler_that_is_not_needed_any_more_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    children = tmp_path / "children"
    text = f'[ "$1" = --version ] && exit\necho $$ > "{children}"\nsleep 60\n'
    monkeypatch.setenv("CC", str(script(tmp_path, text)))
    with workshop().begun():
        while not (children.exists() and children.read_text()):
            time.sleep(0.01)
    assert ends(int(children.read_text()))


def test_a_compiler_that_fails_says_all_it_has_to_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(NativeError) as error:
        workshop().built("int answer(void) { return what; }\n")
    assert code_of(error) == "G0802"
    assert "'what' undeclared" in error.value.diagnostics[0].notes[0]
    for text in ("echo ' to stdout '; echo to stderr >&2; exit 3", "exit 0", "exec /nonexistent"):
        monkeypatch.setenv("CC", str(script(tmp_path, text)))
        with pytest.raises(NativeError) as error:
            workshop().built(SOURCE)
        assert code_of(error) == "G0802"
    unexecutable = tmp_path / "data"
    unexecutable.write_bytes(b"\x00")
    unexecutable.chmod(0o700)
    monkeypatch.setenv("CC", str(unexecutable))
    with pytest.raises(NativeError) as error:
        workshop().built(SOURCE)
    assert code_of(error) == "G0802"


def test_what_lacks_a_function_cannot_be_used() -> None:
    library = Library(workshop().built(SOURCE))
    for looked_for in (lambda: library.address("f"), lambda: library.workspace("f", [1])):
        with pytest.raises(NativeError, match="no function for f") as error:
            looked_for()
        assert code_of(error) == "G0806"


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def ends(process: int) -> bool:
    """Whether a process that was killed goes within moments: a busy machine takes some."""
    patience = time.monotonic() + 10
    while is_running(process) and time.monotonic() < patience:
        time.sleep(0.01)
    return not is_running(process)


def test_a_compiler_that_hangs_is_ended_with_what_it_has_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    children = tmp_path / "children"
    text = f'[ "$1" = --version ] && exit\nsleep 60 & echo $! > "{children}"\nwait\n'
    monkeypatch.setenv("CC", str(script(tmp_path, text)))
    start = time.monotonic()
    with pytest.raises(NativeError, match=r"has not ended after 0\.5 seconds") as error:
        workshop(0.5).built(SOURCE)
    assert code_of(error) == "G0803"
    assert time.monotonic() - start < 20
    assert ends(int(children.read_text()))


def test_an_interrupt_ends_the_compiler(tmp_path: Path) -> None:
    started = tmp_path / "started"
    text = f'[ "$1" = --version ] && exit\necho $$ > "{started}.new"\n'
    text += f'mv "{started}.new" "{started}"\nsleep 60\n'
    code = """
        from gradc.native.build import Workshop
        from gradc.native.cache import open_cache
        from gradc.native.compilers import find_compiler
        Workshop(find_compiler(), open_cache()).built("int x;")
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "CC": str(script(tmp_path, text)), "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in said
    assert ends(int(started.read_text()))
    assert not list(tmp_path.glob("gradc-*"))


@pytest.mark.parametrize("folder", ["with a space", "naïve", "-o"])
def test_odd_temporary_directories(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    for where in (str(tmp_path / folder), str(tmp_path / "link"), "link"):
        monkeypatch.setattr("tempfile.tempdir", where)
        assert answer(workshop().built(f"{SOURCE}/* {where} */\n")) == 42
    assert dict(os.environ) == before


def test_no_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(NativeError) as error:
        workshop().built(SOURCE)
    assert code_of(error) == "G0804"


def test_call_c_compiles_without_a_warning(tmp_path: Path) -> None:
    command = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fopenmp", "-fsyntax-only"]
    subprocess.run([*find_compiler().command, *command, str(CALL_SOURCE)], check=True, timeout=60)


BUNDLED = """\
import os, pathlib, subprocess, sys
kept = pathlib.Path(os.environ["ZIG_GLOBAL_CACHE_DIR"], "libc")
kept.write_text(os.environ["ZIG_LOCAL_CACHE_DIR"])
sys.exit(subprocess.call(["cc", *sys.argv[1:]]))
"""


def bundled(tmp_path: Path) -> Workshop:
    """A compiler that keeps something for itself, as that of `ziglang` does."""
    (tmp_path / "zig.py").write_text(BUNDLED, encoding="utf-8")
    compiler = Compiler((sys.executable, str(tmp_path / "zig.py")), "1")
    return Workshop(compiler, open_cache())


def test_what_the_bundled_compiler_keeps_is_part_of_the_cache(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradc.native.cache.LIMIT", 0)
    monkeypatch.setattr("gradc.native.cache._IN_USE", -60.0)
    shop = bundled(tmp_path)
    shop.built(SOURCE)
    kept = own_cache / "zig" / "libc"
    assert not Path(kept.read_text(encoding="utf-8")).exists()  # that of one compilation has gone
    files = [path for path in own_cache.rglob("*") if path.is_file()]
    assert files == [kept]  # it is not removed for want of room
    found = usage()
    assert found is not None
    assert found.files == 1
    clear()
    assert not own_cache.exists()


def test_without_a_home_the_bundled_compiler_has_a_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "")
    shop = bundled(tmp_path)
    assert answer(shop.built(SOURCE)) == 42
    assert (Path(shop.cache.path) / "zig" / "libc").exists()
    assert shop.cache.refused is not None


def test_the_bundled_compiler_needs_no_directory_of_its_own(
    tmp_path: Path, own_cache: Path
) -> None:
    own_cache.mkdir(parents=True, mode=0o700)
    (own_cache / "zig").write_text("not of this cache's making", encoding="utf-8")
    assert answer(bundled(tmp_path).built(SOURCE)) == 42
