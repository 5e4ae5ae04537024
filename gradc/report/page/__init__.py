"""A program as a page that is alive: one HTML file, which computes by itself."""
