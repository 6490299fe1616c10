"""The Dockerfile, executed: with a builder where there is one, else step by step in a clean root directory."""
