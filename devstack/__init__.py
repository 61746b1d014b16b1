"""Runs the whole system on one machine: PostgreSQL, Redis, an AWS emulator, and the product deployed to it."""

import sys

if sys.version_info < (3, 11):
    raise SystemExit(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
