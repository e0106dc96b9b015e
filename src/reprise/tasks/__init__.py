"""LightningModules: how a kind of network is trained and what it predicts."""
