"""Four ways to differentiate one program: numerically, symbolically, and automatically in two directions.

Claims 13-17 (S1, "Gradients in Tensorflow") and 142 (S3, "Computational graph"). A function here is plain Python over
a list of numbers, such as ``lambda v: sin(v[0]) - v[1] ** 3``. The same text runs on four kinds of number:

* floats give values, and differences of values give *numerical* derivatives (``numerical``);
* sympy symbols give formulas, which sympy differentiates: *symbolic* (``symbolic``);
* ``Dual`` numbers carry a derivative along with each value: *automatic, forward mode* (``automatic``);
* ``Node`` numbers remember how they were made, and are walked backwards: *automatic, reverse mode* (``automatic``).

Forward and reverse mode are the same chain rule, multiplied from the inputs' end or from the outputs' end. Forward
needs one pass for each input, reverse one sweep for each output: a loss has one output and a million inputs, so
networks are trained in reverse (``descent``). What all four are made of, and how their work is counted, stands in
``operations``.
"""
