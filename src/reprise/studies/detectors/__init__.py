"""From tagging to instance masks: a ladder of detectors (claims 122-130)."""
