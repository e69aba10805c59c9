"""The review page: faces in a browser, to be named, merged, taken apart and forgotten."""
