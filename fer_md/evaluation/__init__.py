"""How good networks are: metrics, priors and calibration, significance, and what an evaluation writes."""
