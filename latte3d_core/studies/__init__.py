"""Studies of the method: what each idea of the paper is worth, measured in minutes on two cores (docs/method.md)."""
