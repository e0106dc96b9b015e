"""Calibration methods with one manner: ``Method().fit(logits, labels).transform(logits)`` gives probabilities (n, k).

``logits`` are (n, k) numbers before the softmax, k >= 2; ``labels`` are (n,) class indices of held-out data. NaN, wrong
shapes and labels out of range are refused with the row, and so are infinities: a class that is impossible has a large
negative logit, -1e9 say, and gets the probability 0 from temperature, vector, matrix and Platt scaling. Probabilities
in place of logits are fitted, with a warning. NumPy and SciPy only. Claims 29, 30 and 36-41.
"""

from reprise.calibration.affine import MatrixScaling, VectorScaling
from reprise.calibration.base import Calibrator, softmax
from reprise.calibration.bayesian_binning import BayesianBinning
from reprise.calibration.binning import HistogramBinning
from reprise.calibration.density import DensityConfidence
from reprise.calibration.isotonic import IsotonicCalibration
from reprise.calibration.platt import PlattScaling
from reprise.calibration.temperature import TemperatureScaling

__all__ = [
    "BayesianBinning",
    "Calibrator",
    "DensityConfidence",
    "HistogramBinning",
    "IsotonicCalibration",
    "MatrixScaling",
    "PlattScaling",
    "TemperatureScaling",
    "VectorScaling",
    "softmax",
]
