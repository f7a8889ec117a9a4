"""What the SCP keeps: workitems, subscriptions and waiting reports, in one database."""
