"""Random programs whose steps read neighbours on an axis: for tests of loop nests."""

from __future__ import annotations

from random import Random

OFFSETS = range(-2, 3)


def neighbour(random: Random, names: list[str]) -> str:
    """The value of an element from some near it, with another one where there are none."""
    name, other, offset = random.choice(names), random.choice(names), random.choice(OFFSETS)
    place = f"i {'+' if offset > 0 else '-'} {abs(offset)}" if offset else "i"
    read = random.choice([f"{name}[{place}]", f"0.9*{other}[i]*{name}[{place}]"])
    if offset == 0:
        return read
    inside = f"i >= {-offset}" if offset < 0 else f"i < N - {offset}"
    end = "0" if offset < 0 else "N - 1"
    rest = random.choice([f"{other}[i]", "0.5", f"{name}[{end}]", f"{other}[{end}]"])
    return f"({read} if {inside} else {rest})"


def stencil(seed: int, steps: int = 3) -> str:
    """A program: a loop whose steps make arrays of arrays, and carry two of them."""
    random = Random(seed)
    names = ["x", "y", "u", "v"]
    lines = []
    for number in range(random.randint(1, 5)):
        name = f"a{number}"
        terms = [neighbour(random, names) for _ in range(random.randint(1, 3))]
        lines.append(f"    {name}[i in N] = {' - '.join(terms)}\n")
        names.append(name)
    new = random.sample(names, 2)
    lines.append(f"    u = 0.7*u + 0.3*{new[0]}\n")
    if random.random() < 0.5:
        lines.append(f"    v = 0.5*v - 0.2*{new[1]}\n")
    else:
        lines.append(f"    v[i in N] = {neighbour(random, ['u', 'v', new[1]])}\n")
    if random.random() < 0.4:
        lines.append("    s[t] = u[0] + v[N - 1]\n")
    collected = "s[t]" in lines[-1]
    return (
        f"param x[N], y[N]\nloop t in {steps} carry u = y, v = x*y {{\n{''.join(lines)}}}\n"
        f"J = sum(u*v){' + sum(s)' if collected else ''}\n"
    )
