"""The configuration.

``settings``       names, bounds and presets of the System Parameters
``snapshot``       their values at one moment
``lookup``         the values in force, and presets
``guard``          whether this database may receive messages: asked at every entrance
``identity``       what tells a database and a copy of it apart, compared
``markers``        what identifies an installation outside its database
``checks``         settings that contradict each other
``policy_fields``  the policies of an alias or an alias domain
"""
