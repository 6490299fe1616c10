"""Mail out through an SMTP server: the standard library speaks; here are deadlines and what answers mean."""
