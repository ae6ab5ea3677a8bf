"""The kinds of models, each with its codes from pictures to files and back."""
