# The Morse potential of a diatomic molecule; -dr is the force between the atoms.
# Inputs: depth D in eV, range a in 1/angstrom, distances in angstrom (H2).
# Source: P. M. Morse, "Diatomic Molecules According to the Wave Mechanics. II.
# Vibrational Levels", Physical Review 34, 57-64 (1929).

input D, a, r_e
param r

s = 1 - exp(-a*(r - r_e))
V = D * s^2
