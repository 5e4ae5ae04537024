# The value C of a European call option.  The derivatives are the "greeks": delta is dS,
# vega dsigma, rho dr, and minus theta dT.
# Source: F. Black and M. Scholes, "The Pricing of Options and Corporate Liabilities",
# Journal of Political Economy 81, 637-654 (1973), equation 13.

param S, sigma, r, T
input K

d1 = (log(S/K) + (r + sigma^2/2)*T) / (sigma*sqrt(T))
d2 = d1 - sigma*sqrt(T)
N1 = erfc(-d1/sqrt(2)) / 2
N2 = erfc(-d2/sqrt(2)) / 2
C = S*N1 - K*exp(-r*T)*N2
