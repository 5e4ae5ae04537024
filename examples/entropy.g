# Shannon's entropy of a distribution, with 0 log 0 = 0: the branch that is not taken
# would be NaN, and reaches neither the value nor the derivative.
# Source: C. E. Shannon, "A Mathematical Theory of Communication", Bell System Technical
# Journal 27, 379-423 (1948), section 6.

param p[N]

h = -p*log(p) if p > 0 else 0
H = sum(h)
