"""Recurrent networks in NumPy: cells, their unfolding over time with gradients by hand, and what becomes of these.

`cells` and `unfolding` are the networks; `jacobians` and `clipping` what the source says of their gradients. Names
follow the wiki that is behind this page (claims 133-140): W for the input, U for the state, s for the state.
"""
