"""Symbolic sizes: integer-valued polynomials of named sizes.

A `Dim` is immutable and in normal form, so `==` decides whether two sizes are equal for
every value of the named sizes.  There is no other notion of equality of shapes.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping
from math import gcd

# One monomial: names with multiplicity, sorted, so ("D", "D", "N") is D*D*N.
Monomial = tuple[str, ...]


class Quotient(str):
    """The floor of a size divided by another, as a factor of monomials: `(N//2)`.

    It stands where a name does where the quotient is not a polynomial.
    """

    dividend: Dim
    divisor: Dim

    @staticmethod
    def of(dividend: Dim, divisor: Dim) -> Quotient:
        """`dividend // divisor`."""
        inner = f"({dividend})" if len(dividend.terms) > 1 else str(dividend)
        plain = divisor.constant is not None or divisor.symbol is not None
        quotient = Quotient(f"({inner}//{divisor})" if plain else f"({inner}//({divisor}))")
        quotient.dividend, quotient.divisor = dividend, divisor
        return quotient


class Dim:
    """An integer-valued polynomial of named sizes, in normal form.

    The value is the sum of the `terms`, divided by `denominator`, which has no factor in
    common with all of them.
    """

    __slots__ = ("_hash", "denominator", "terms")

    def __init__(self, terms: Mapping[Monomial, int], denominator: int = 1) -> None:
        common = gcd(denominator, *terms.values())
        self.denominator: int = denominator // common
        self.terms: tuple[tuple[Monomial, int], ...] = tuple(
            sorted(
                ((monomial, k // common) for monomial, k in terms.items() if k),
                key=lambda term: (-len(term[0]), term[0]),
            )
        )
        self._hash = hash((self.terms, self.denominator))

    @staticmethod
    def of(size: int | str | Dim) -> Dim:
        """A fixed size, a named size, or the size itself."""
        if isinstance(size, Dim):
            return size
        return Dim({(): size}) if isinstance(size, int) else Dim({(size,): 1})

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Dim)
            and self.terms == other.terms
            and self.denominator == other.denominator
        )

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: int | Dim) -> Dim:
        right = Dim.of(other)
        sums = {monomial: k * right.denominator for monomial, k in self.terms}
        for monomial, k in right.terms:
            sums[monomial] = sums.get(monomial, 0) + k * self.denominator
        return Dim(sums, self.denominator * right.denominator)

    def __neg__(self) -> Dim:
        return Dim({monomial: -k for monomial, k in self.terms}, self.denominator)

    def __sub__(self, other: int | Dim) -> Dim:
        return self + -Dim.of(other)

    def __mul__(self, other: int | Dim) -> Dim:
        products: dict[Monomial, int] = {}
        factor = Dim.of(other)
        for (left, j), (right, k) in itertools.product(self.terms, factor.terms):
            monomial = tuple(sorted(left + right))
            products[monomial] = products.get(monomial, 0) + j * k
        return Dim(products, self.denominator * factor.denominator)

    def divided(self, divisor: int) -> Dim | None:
        """The exact quotient by a positive integer, or None where it is not integer-valued.

        A polynomial of degree n is integer-valued everywhere exactly when it is so at n + 1
        consecutive integers of every variable (finite differences), so `D*(D-1)//2` is
        accepted and `N//2` is not.
        """
        quotient = Dim(dict(self.terms), self.denominator * divisor)
        if any(isinstance(name, Quotient) for monomial, _ in self.terms for name in monomial):
            return quotient if quotient.denominator == 1 else None
        names = sorted(quotient.names())
        degree = max((len(monomial) for monomial, _ in quotient.terms), default=0)
        for point in itertools.product(range(degree + 1), repeat=len(names)):
            if quotient._numerator(dict(zip(names, point, strict=True))) % quotient.denominator:
                return None
        return quotient

    def floored(self, divisor: int | Dim) -> Dim:
        """The quotient by a positive size, rounded down."""
        by = Dim.of(divisor)
        if by.constant is not None:
            if self.constant is not None:
                return Dim.of(self.constant // by.constant)
            exact = self.divided(by.constant)
            if exact is not None:
                return exact
        return Dim({(Quotient.of(self, by),): 1})

    def names(self) -> frozenset[str]:
        """The named sizes that occur."""
        found: set[str] = set()
        for monomial, _ in self.terms:
            for name in monomial:
                if isinstance(name, Quotient):
                    found |= name.dividend.names() | name.divisor.names()
                else:
                    found.add(name)
        return frozenset(found)

    @property
    def constant(self) -> int | None:
        """The value where no named size occurs, else None."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    @property
    def symbol(self) -> str | None:
        """The name where the size is exactly one named size, else None."""
        if len(self.terms) == 1 and self.denominator == 1:
            monomial, k = self.terms[0]
            if len(monomial) == 1 and k == 1 and not isinstance(monomial[0], Quotient):
                return monomial[0]
        return None

    def substitute(self, sizes: Mapping[str, Dim]) -> Dim:
        """The polynomial with some names replaced by other polynomials."""
        total = Dim({})
        for monomial, k in self.terms:
            term = Dim({(): k})
            for name in monomial:
                if isinstance(name, Quotient):
                    divisor = name.divisor.substitute(sizes)
                    term = term * name.dividend.substitute(sizes).floored(divisor)
                else:
                    term = term * sizes.get(name, Dim.of(name))
            total = total + term
        return Dim(dict(total.terms), total.denominator * self.denominator)

    def solved_for(self, known: Container[str]) -> tuple[str, Dim, Dim] | None:
        """The one name that is not known, with `factor` and `rest`, where the size is
        `factor*name + rest`.

        None where there is not exactly one, or where its factor depends on it or may be zero
        for sizes that are not.
        """
        unknown = [name for name in self.names() if name not in known]
        if len(unknown) != 1:
            return None
        (name,) = unknown
        factors = (factor for monomial, _ in self.terms for factor in monomial)
        if any(isinstance(f, Quotient) and name in Dim.of(f).names() for f in factors):
            return None
        factor = self.substitute({name: Dim.of(name) + 1}) - self
        if name in factor.names():
            return None
        if factor.constant is None and any(k < 0 for _, k in factor.terms):
            return None
        return name, factor, self.substitute({name: Dim.of(0)})

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """The value at given sizes; raises KeyError for a missing name."""
        return self._numerator(sizes) // self.denominator

    def _numerator(self, sizes: Mapping[str, int]) -> int:
        total = 0
        for monomial, k in self.terms:
            for name in monomial:
                if isinstance(name, Quotient):
                    k *= name.dividend.evaluate(sizes) // name.divisor.evaluate(sizes)
                else:
                    k *= sizes[name]
            total += k
        return total

    def __str__(self) -> str:
        """The polynomial as gradc source (and valid Python): `2*N - 1`, `(D**2 - D)//2`."""
        if not self.terms:
            return "0"
        text = _sum_text(self.terms)
        if self.denominator == 1:
            return text
        return (
            f"({text})//{self.denominator}"
            if len(self.terms) > 1
            else f"{text}//{self.denominator}"
        )

    __repr__ = __str__


def _sum_text(terms: Iterable[tuple[Monomial, int]]) -> str:
    text = ""
    for monomial, k in terms:
        body = _monomial_text(monomial)
        size = abs(k)
        if not body:
            body = str(size)
        elif size != 1:
            body = f"{size}*{body}"
        if not text:
            text = f"-{body}" if k < 0 else body
        else:
            text += f" - {body}" if k < 0 else f" + {body}"
    return text


def _monomial_text(monomial: Monomial) -> str:
    factors = []
    for name in dict.fromkeys(monomial):
        power = monomial.count(name)
        factors.append(name if power == 1 else f"{name}**{power}")
    return "*".join(factors)


Shape = tuple[Dim, ...]


def shape_text(shape: Shape) -> str:
    """A shape as people write it: `[N, D]`, `scalar` for rank 0."""
    return f"[{', '.join(map(str, shape))}]" if shape else "scalar"


def product(dims: Iterable[Dim]) -> Dim:
    """The number of elements along several axes together."""
    total = Dim.of(1)
    for dim in dims:
        total = total * dim
    return total
