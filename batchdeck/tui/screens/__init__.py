"""The screens. Each shows one thing and performs its actions; none knows the app that shows it."""
