"""The pair search of :mod:`reprise.data.near_search` on a torch device: the same bound, in float64 throughout."""

from __future__ import annotations

import numpy as np
import torch

from reprise.data.subspace import sorted_along, subspace

WORK_BYTES = 256 << 20  # of temporary float64 rows on the device
SLACK = 1e-6  # above the rounding error of a short row: that of its last number is the root of that of its square


class TorchSearch:
    """Candidates and distances by torch. Holds the features on the device: 4 bytes a number for float32."""

    tile, several = (4096, 16384), 4

    def __init__(
        self, features: np.ndarray, norms: np.ndarray, order: np.ndarray, bounds: list[int], device: str
    ) -> None:
        self.features, self.norms, self.order, self.bounds = features, norms, order, bounds
        exact = features if features.dtype in (np.float16, np.float32) else features.astype(np.float64)
        self.device_features = torch.from_numpy(np.ascontiguousarray(exact)).to(device)
        self.device_norms = torch.from_numpy(norms).to(device)
        self.step = max(1, WORK_BYTES // (16 * max(1, features.shape[1])))
        projected = self._project()
        rising, self.sweep = sorted_along(projected[:, :-1].cpu().numpy(), bounds)
        self.order = order[rising]
        self.projected = projected[torch.from_numpy(rising).to(projected.device)]

    def _project(self) -> torch.Tensor:
        if not len(self.order):
            return self.device_norms.new_empty((0, 1))
        basis = torch.from_numpy(subspace(self.features, self.norms, self.order)).to(self.device_norms)
        order = torch.from_numpy(self.order).to(self.device_norms.device)
        parts = []
        for rows in order.split(self.step):
            inside = self.device_features[rows].double() @ basis / self.device_norms[rows, None]
            rest = (1 - inside.square().sum(1, keepdim=True)).clamp(min=0).sqrt()
            parts.append(torch.cat([inside, rest], dim=1))
        return torch.cat(parts)

    def measured(self, top: int, bottom: int, left: int, right: int, threshold: float):
        """Pairs of rows in a tile, and their distances: at least all that are near."""
        i, j = self.candidates(top, bottom, left, right, threshold)
        return self.distances(self.order[i], self.order[j])

    def candidates(self, top: int, bottom: int, left: int, right: int, threshold: float):
        """Positions in ``order`` of the pairs in a tile that the bound cannot rule out."""
        possible = self.projected[top:bottom] @ self.projected[left:right].T >= 1 - threshold - SLACK
        if top == left:
            possible = possible.triu(1)
        i, j = possible.nonzero(as_tuple=True)
        return i.cpu().numpy() + top, j.cpu().numpy() + left

    def distances(self, i: np.ndarray, j: np.ndarray):
        """The pairs as they came, and their distances in float64 by pdist's formula."""
        parts = []
        pairs = torch.from_numpy(np.stack([i, j])).to(self.device_norms.device)
        for rows, columns in zip(*(index.split(self.step) for index in pairs), strict=True):
            products = (self.device_features[rows].double() * self.device_features[columns].double()).sum(1)
            cosine = products / (self.device_norms[rows] * self.device_norms[columns])
            parts.append(1 - cosine.clamp(-1, 1))
        return i, j, torch.cat(parts).cpu().numpy()
