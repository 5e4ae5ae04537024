"""Identifiers of emitted C: plain ASCII, no word of C or C++, none of the C library's.

A name of the author's keeps its spelling where it can; Greek letters are written out (`theta`),
other letters lose their accents or become their number (`u4e2d`).  The same name has the same
identifier in all functions of a file.

Invariants: different names of the author's have different identifiers; two names of one scope, or
of one inside another, differ; what is generated never takes an identifier of the author's.
Deliberately absent: shadowing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t
    char8_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
    constinit continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
    nullptr operator or or_eq private protected public register reinterpret_cast requires restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using
    virtual void volatile wchar_t while xor xor_eq fortran near far
"""

_MATHS = """
    acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp10 exp2
    expm1 fabs fdim finite floor fma fmax fmin fmod frexp gamma hypot ilogb isinf isnan j0 j1 jn
    ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter
    nexttoward pow remainder remquo rint round scalb scalbln scalbn significand sin sinh sqrt tan
    tanh tgamma trunc y0 y1 yn
"""

_OTHERS = """
    abort abs alloca aligned_alloc assert calloc clock complex div environ errno exit fpclassify
    free i386 imaginary isfinite isgreater isgreaterequal isless islessequal islessgreater isnormal
    isunordered labs linux llabs main malloc math_errhandling memcmp memcpy memmove memset mips
    offsetof pascal realloc setjmp signbit signgam std stderr stdin stdout sun unix vax
    int8_t int16_t int32_t int64_t intmax_t intptr_t ptrdiff_t size_t uint8_t uint16_t uint32_t
    uint64_t uintmax_t uintptr_t lgamma_r
    ALIGNED BIG_ENDIAN BUFSIZ BYTE_ORDER EOF EXIT_FAILURE EXIT_SUCCESS HUGE I INFINITY
    LITTLE_ENDIAN MSDOS NAN NFDBITS NULL OVERFLOW DOMAIN PDP_ENDIAN PLOSS RAND_MAX RESTRICT SING
    NOINLINE TLOSS UNDERFLOW UNOPTIMISED UNROLLED WIN32
    WCONTINUED WEXITED WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WNOWAIT
    WSTOPPED WSTOPSIG WTERMSIG WUNTRACED _ __func__
"""

_FIXED = frozenset(
    f"{word}{end}"
    for words, ends in ((_KEYWORDS, ("",)), (_MATHS, ("", "f", "l")), (_OTHERS, ("",)))
    for word in words.split()
    for end in ends
)

# The families of macros in the headers that a file includes, what compilers keep for themselves,
# and what the library of this target defines.
_FAMILIES = re.compile(
    r"__|_[A-Z]"
    r"|(?:[gG]_|HUGE_VAL|M_|FP_|FD_|MATH_|GRADC_|be\d|le\d|htobe|htole)"
    r"|(?:SIG_ATOMIC|SIZE|PTRDIFF|WCHAR|WINT|RSIZE)_(?:MAX|MIN)$|MB_"
    r"|U?INT(?:MAX|PTR|\d+|_FAST\d+|_LEAST\d+)?_(?:C|MAX|MIN|WIDTH)$|gradc_"
)


def is_reserved(name: str) -> bool:
    """Whether a quantity must not have this identifier."""
    return name in _FIXED or _FAMILIES.match(name) is not None


def ascii_letters(text: str) -> str:
    """The text in ASCII: Greek letters by their names, accents dropped, the rest as numbers."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _letters(char) for char in _plain(text))


def _plain(text: str) -> str:
    """The text without accents that are characters of their own after decomposition."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def _letters(char: str) -> str:
    name = unicodedata.name(char, "").split()
    if len(name) == 4 and name[0] == "GREEK" and name[2] == "LETTER":
        letter = name[3].replace("LAMDA", "LAMBDA")  # as everybody but Unicode writes it
        return letter.lower() if name[1] == "SMALL" else letter.capitalize()
    return f"u{ord(char):x}" if f"a{char}".isidentifier() else f"\\u{ord(char):04x}"


def spelled(name: str) -> str:
    """The identifier nearest to a name: `J%1` gives `J_1`."""
    spelling = re.sub(r"\W", "_", ascii_letters(name), flags=re.ASCII)
    if not spelling or spelling[0].isdigit() or _FAMILIES.match(spelling):
        spelling = f"v_{spelling.lstrip('_')}"
    return spelling


class Identifiers:
    """The identifiers of the author's names, for all functions of a file."""

    def __init__(self, names: Iterable[str], taken: Iterable[str] = ()) -> None:
        """`names` in order of definition; those that keep their spelling get it first."""
        self._taken = set(taken)
        self._found: dict[str, str] = {}
        later = []
        for name in dict.fromkeys(names):
            if spelled(name) == name and name not in self._taken and not is_reserved(name):
                self._taken.add(name)
                self._found[name] = name
            else:
                later.append(name)
        for name in later:
            self[name]

    def __getitem__(self, name: str) -> str:
        if name not in self._found:
            self._found[name] = self.fresh(spelled(name))
        return self._found[name]

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._taken

    def fresh(self, wish: str) -> str:
        """An identifier that nothing has yet: the wish, with underscores behind it if need be."""
        while wish in self._taken or is_reserved(wish):
            wish = spelled(f"{wish}_")
        self._taken.add(wish)
        return wish

    @property
    def renamed(self) -> dict[str, str]:
        """The names that are spelled differently."""
        return {name: found for name, found in self._found.items() if found != name}


class Scopes:
    """The identifiers of one function, by the blocks in which they are declared."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._taken: set[str] = set()
        self._blocks: list[list[str]] = [[]]
        self._counts: dict[str, int] = {}

    def enter(self) -> None:
        """Begin a block."""
        self._blocks.append([])

    def leave(self) -> None:
        """End a block: what it declared may be declared again."""
        self._taken.difference_update(self._blocks.pop())

    def take(self, identifier: str) -> None:
        """Declares an identifier of all functions."""
        self._taken.add(identifier)
        self._blocks[-1].append(identifier)

    def author(self, name: str) -> str:
        """Declares a quantity by its name in the program."""
        return self._declared([self._identifiers[name]], own=True)

    def generated(self, wish: str, others: Iterable[str] = ()) -> str:
        """Declares what has no name: by the wish or one of the others, if one is free."""
        return self._declared([spelled(wish), *others], own=False)

    def label(self, wish: str) -> str:
        """Declares a label, which no other block of the function has either."""
        name = self.generated(wish)
        self._blocks[0].append(self._blocks[-1].pop())
        return name

    def _declared(self, wishes: Sequence[str], own: bool) -> str:
        name = next((wish for wish in wishes if self._free(wish, own)), wishes[0])
        while not self._free(name, own):
            count = self._counts[wishes[0]] = self._counts.get(wishes[0], 1) + 1
            name, own = spelled(f"{wishes[0]}_{count}"), False
        self._taken.add(name)
        self._blocks[-1].append(name)
        return name

    def _free(self, name: str, own: bool) -> bool:
        if name in self._taken or is_reserved(name):
            return False
        return own or name not in self._identifiers
