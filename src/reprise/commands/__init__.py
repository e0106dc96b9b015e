"""What ``reprise`` can do, one module a subject; each has an ``app``, and nothing lists them.

Every command imports what it needs when it runs, so that ``--help`` answers at once. A module's ``app`` with a name is
a group (``reprise data list``), one without adds its commands to ``reprise`` itself.
"""
