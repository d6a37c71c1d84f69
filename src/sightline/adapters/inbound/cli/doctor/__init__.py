"""`doctor`: what is wrong with this installation, and a bundle for those who help."""
