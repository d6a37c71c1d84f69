"""When something is wrong: rules, states, notices, and the reasons for each decision."""
