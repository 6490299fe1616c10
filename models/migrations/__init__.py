"""The steps by which databases reach what the models say."""
