"""What is configured.

``settings``  names, bounds and presets of the System Parameters
"""
