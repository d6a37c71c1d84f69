"""The PromQL language: parse, plan, evaluate."""
