"""Post-training quantisation: a float network and sample data in, an int8 QDQ network out."""
