"""Faces and scenes that are drawn, exactly repeatable, with every landmark known."""
