"""Which elements of a result can depend on which elements of what it is differentiated in."""
