# Recommendations: the rating of a user for an item is the product of their vectors, plus
# what each rates above or below the mean.  Only the ratings that were given count.
# Source: Y. Koren, R. Bell and C. Volinsky, "Matrix Factorization Techniques for
# Recommender Systems", IEEE Computer 42(8), 30-37 (2009), equation 5.

input rating[R], user[R] in U, item[R] in I, mu, lambda
param p[U, F], q[I, F], b[U], c[I]

predicted[r] = mu + b[user[r]] + c[item[r]] + dot(q[item[r]], p[user[r]])
size[r] = dot(p[user[r]], p[user[r]]) + dot(q[item[r]], q[item[r]])
J = sum[r]((rating[r] - predicted[r])^2 + lambda*(size[r] + b[user[r]]^2 + c[item[r]]^2))
