"""What every service shares. Knows no service."""
