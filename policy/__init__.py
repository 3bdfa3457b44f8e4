"""The configuration.

``settings``  names, bounds and presets of the System Parameters
"""
