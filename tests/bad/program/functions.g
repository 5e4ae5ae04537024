# Functions, each mistake once however often it is called
input x[N], A[N, M], s
def twice(t) = 2*t
def area(r[3], b[K, K]) = dot(r, r)*trace(b)
def inner(t) = t @ x
def outer_one(t) = inner(t) + missing
def first(t) = second(t)
def second(t) = t
def self(t) = self(t) + 1
def fill(K, t) = sum(t*ones(K))
def half(t, u) = t*u with dt = u
def wrong(t) = t*t with dt = x
def reads(t) = t*s with dt = s
def map(t) = stack(t, t) with dt = ones(2)
a = twice(s, s)
b = area(x, A)
c = outer_one(A)
d = outer_one(A) + outer_one(A)
e = self(s)
f = fill(s, 2)
g = half(s, s)
h = wrong(s)
i = reads(s)
j = map(x)
k = twice(t=s)
l = twice
J = s
m = later(s)
def later(t) = t
def quadratic(v[K], B[K, K]) = v @ B @ v
o = quadratic(x, A)
def caller(t) = t*s with dt = area(t, t)
q = caller(s)
