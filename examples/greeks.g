# The "greeks" of a European call option as derivatives of its price, taken in the program.
# Source: F. Black and M. Scholes, "The Pricing of Options and Corporate Liabilities",
# Journal of Political Economy 81, 637-654 (1973), equation 13; the names: J. C. Hull,
# "Options, Futures, and Other Derivatives", Prentice Hall, chapter on the Greek letters.

param S, sigma, r, T
input K

d1 = (log(S/K) + (r + sigma^2/2)*T) / (sigma*sqrt(T))
d2 = d1 - sigma*sqrt(T)
C = S*erfc(-d1/sqrt(2))/2 - K*exp(-r*T)*erfc(-d2/sqrt(2))/2

delta = grad(C, S)
gamma = grad(delta, S)
vega = grad(C, sigma)
vanna = grad(vega, S)
volga = grad(vega, sigma)
theta = -grad(C, T)
rho = grad(C, r)
output C, delta, gamma, vega, vanna, volga, theta, rho
