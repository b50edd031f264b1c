"""The deck in Jupyter: values that show themselves, live progress, magics, the dashboard in a cell."""
