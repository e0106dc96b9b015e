"""What van den Oord, Kalchbrenner and Kavukcuoglu (2016) report."""

from __future__ import annotations

from pathlib import Path

from reprise.published import read_published

PUBLISHED = read_published(Path(__file__).with_name("published.csv"))
MNIST = PUBLISHED.values("MNIST")  # nats
CIFAR = PUBLISHED.values("CIFAR-10")  # bits a dimension
