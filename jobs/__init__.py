"""The clock's door: what is due is found and acted upon, without Flask."""
