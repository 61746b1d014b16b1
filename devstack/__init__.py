"""Runs the whole system on one machine: PostgreSQL, Redis, an AWS emulator, and the product deployed to it."""
