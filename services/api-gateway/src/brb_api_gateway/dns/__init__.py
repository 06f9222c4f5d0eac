"""The zone, its records and its keys, as users see them. The dns service has them; here is only the gate."""
