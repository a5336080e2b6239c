"""Other producers' ways to write a quantised network, rewritten to QuantizeLinear pairs."""
