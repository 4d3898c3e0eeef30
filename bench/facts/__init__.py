"""A made-up shop's catalogue and passages, and questions about them: what search is measured on."""
