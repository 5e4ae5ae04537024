# a file
# with comments only
