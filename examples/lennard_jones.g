# The Lennard-Jones energy of three argon atoms; minus the gradient of a position is
# the force on that atom.  Energy in epsilon, lengths in sigma.
# Source: J. E. Jones, "On the Determination of Molecular Fields. II", Proceedings of
# the Royal Society A 106, 463-477 (1924).

input epsilon, sigma
param p[3], q[3], r[3]

pq = (sigma / norm(p - q))^6
qr = (sigma / norm(q - r))^6
rp = (sigma / norm(r - p))^6
E = 4*epsilon * ((pq^2 - pq) + (qr^2 - qr) + (rp^2 - rp))
