"""The trained network without its dense layers, which takes pictures of any size: what `reprise style` asks."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from reprise.networks import Network, load_networks
from reprise.studies.stylisation.settings import LAYERS
from reprise.workspace import Workspace


class Trunk(nn.Module):
    """(n, 3, h, w) RGB in [0, 1] -> the last convolution's features.

    Args:
        network: a trained mini-VGG with its task, which says how pictures are scaled.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        model = network.model
        self.conv1, self.conv2, self.conv3, self.conv4 = model.conv1, model.conv2, model.conv3, model.conv4
        self._scaled = network.task.images

    def forward(self, images: Tensor) -> Tensor:
        x = self._scaled({"image": 255 * images.permute(0, 2, 3, 1)})
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return F.relu(self.conv4(F.relu(self.conv3(x))))


def trunk(network: Network) -> Trunk:
    """Of one network, whose weights ask for no gradient from then on."""
    return Trunk(network).requires_grad_(False).eval()


def painter(workspace: Workspace) -> tuple[nn.Module, tuple[str, ...]]:
    """The first trained network, and the layers that style transfer asks, the content's first.

    Raises:
        FileNotFoundError: none is trained.
    """
    return trunk(next(load_networks(workspace, "network"))).cpu(), LAYERS
