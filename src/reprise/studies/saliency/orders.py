"""In which orders pixels are deleted, and which of them ask no trained network."""

from __future__ import annotations

from reprise.studies.saliency.settings import MAPS

ORDERS = (*MAPS, "picture")
JUDGED = {131: "weighted", 132: "inversion"}  # the order that decides each claim
CONTROLS = {  # what it would be, had it learned nothing from the network
    "weighted": ("picture", "untrained_weighted"),  # all three know what deletion changes; one asks a trained network
    "inversion": ("picture",),  # one that gives the whole picture back marks what differs from the fill
}
