"""The configuration.

``settings``  names, bounds and presets of the System Parameters
``snapshot``  their values at one moment
"""
