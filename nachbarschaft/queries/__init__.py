"""The read side: what is shown, narrowed to what the actor may see."""
