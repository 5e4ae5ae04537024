# As in other languages
if x > 0: J = x
import numpy
from math
y = x.sum()
z = np.sin(x)
if = 3
