"""Kills everything, at random, while jobs run; then looks for what was lost or paid twice."""
