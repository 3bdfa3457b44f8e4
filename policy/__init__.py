"""The configuration.

``settings``       names, bounds and presets of the System Parameters
``snapshot``       their values at one moment
``lookup``         the values in force, presets, and whether the database is confirmed
``checks``         settings that contradict each other
``policy_fields``  the policies of an alias or an alias domain
"""
