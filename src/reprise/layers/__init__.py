"""The sources' own building blocks: layers that no framework ships."""

from reprise.layers.gates import GatedConnections
from reprise.layers.maxout import Maxout, MaxoutConv2d
from reprise.layers.rotated import RotatedConv2d
from reprise.layers.unitnorm import UnitNormConv2d, UnitNormLinear

__all__ = ["GatedConnections", "Maxout", "MaxoutConv2d", "RotatedConv2d", "UnitNormConv2d", "UnitNormLinear"]
