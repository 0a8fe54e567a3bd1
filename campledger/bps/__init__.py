"""The Batch Production Service: submit files read by its rules, and campaigns planned from trees of them."""
