"""Looking into trained networks: what they prefer, what they look at, what a layer keeps, and style.

Every function asks a network that is given; none trains. Pictures are tensors (n, channels, h, w), networks are in
evaluation mode and stay as they are: no gradient is left in their weights.
"""
