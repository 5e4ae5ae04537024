# The negative log-likelihood of independent normal observations, with the logarithm
# of the standard deviation as parameter, so that no step of an optimiser can make it
# negative.
# Source: C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
# equation 1.54.

input x[N]
param mu, rho

sigma = exp(rho)
z = (x - mu) / sigma
J = dot(z, z)/2 + N*rho + N/2*log(2*pi)
