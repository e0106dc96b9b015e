"""In which orders pixels are deleted, and which of them ask no trained network."""

from __future__ import annotations

from reprise.studies.saliency.settings import MAPS

ORDERS = (*MAPS, "picture")
CONTROLS = {  # what each claim's map would be, had it learned nothing from the network
    "gradient": ("edges", "untrained"),
    "inversion": ("edges", "picture"),  # one that gives the whole picture back marks what differs from the fill
}
