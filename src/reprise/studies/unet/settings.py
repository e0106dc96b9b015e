"""What the study of the published U-Net can turn."""

from __future__ import annotations

from pydantic import Field

from reprise.settings import Settings, Strict, StudyConfig

DATA = ("cells",)
SHAPES = {"image": (572, 572), "label": (572, 572), "weight": (572, 572)}
PARAMETERS = {"base": 31_030_658, "no_weights": 31_030_658, "semantic": 31_030_658}
CHANGES = ("turned", "moved", "bent", "grey")  # of test pictures, for claim 28


class UNetSettings(Settings):
    """What a variant can turn."""

    width: int = Field(64, ge=1, description="maps of the first level")
    depth: int = Field(4, ge=1, le=5)
    dropout: float = Field(0.0, ge=0, lt=1)
    tile: int = Field(ge=4, description="side of a training tile's answer, pixels")
    tiles: int = Field(ge=1, description="training tiles of a picture")
    momentum: float = Field(0.99, ge=0, lt=1, description="of gradient descent; 0: Adam")
    carve: bool = Field(True, description="a line of background between cells that touch")
    border: float = Field(10.0, ge=0, description="w0 of the border weights; 0: none")
    sigma: float = Field(5.0, gt=0, description="of the border weights, pixels")
    balance: bool = Field(True, description="both classes weigh the same")
    augment: bool = True
    rotation: float = Field(180.0, ge=0, le=180, description="degrees either way")
    translation: float = Field(0.0, ge=0, lt=1)
    elastic: float = Field(10.0, ge=0, description="standard deviation of displacements, pixels")
    contrast: float = Field(0.2, ge=0, lt=1)
    brightness: float = Field(0.1, ge=0, lt=1)


class Test(Strict):
    """How pictures are asked."""

    near: int = Field(ge=1, description="cells so many pixels apart are neighbours")
    changed: bool = Field(True, description="test pictures also turned, moved, bent and changed in grey")


class Config(StudyConfig[UNetSettings]):
    """pipelines/unet/params.yaml."""

    test: Test
