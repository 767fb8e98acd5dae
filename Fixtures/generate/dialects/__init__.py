"""What prove_dialects.py is made of: networks, dialects read, dialects written, and the table."""
