"""`make bench`: the figures of UPS Desk's speed, each measured beside what it is compared with."""
