"""Decisions: who shoots at what, and where it stands. Each plan has its value, a proven bound, and what binds.

A plan is worked out with a model that leaves things out; it is then fought by `koepel.simulate` on fresh seeds.
"""
