"""Rows folded into small tables of integer cells; every number of an audit is arithmetic on these.

May import: errors, load (its `Table` and `label`). Never measure, judge or render.
"""
