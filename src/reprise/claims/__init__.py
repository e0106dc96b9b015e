"""What each study measures and which claims it answers; the catalogue and the ledger."""
