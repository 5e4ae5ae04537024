"""The C target: loop nests as one self-contained file of C11, which is C++ as well."""
