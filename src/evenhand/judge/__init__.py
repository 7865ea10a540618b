"""Findings against limits: verdicts. The only place with an opinion, and the only one that knows statuses.

May import: stats, measure.
"""
