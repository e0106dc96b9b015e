"""Networks: plain nn.Module, parameter counts pinned in the tests."""
