"""The exact claims, as short readable modules: formulas, algorithms and what the sources got wrong."""
