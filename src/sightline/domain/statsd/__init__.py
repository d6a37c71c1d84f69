"""What StatsD's clients count and measure, summed up until it is stored."""
