"""What visitord costs, in times of what else it could cost on the same machine: `make bench`.

Each measure is a file with a function `lines`; `python -m speed` runs them and prints one table.
"""
