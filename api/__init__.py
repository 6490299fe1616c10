"""The HTTP door: it knows Flask, marshmallow and JWT, and holds no rule."""
