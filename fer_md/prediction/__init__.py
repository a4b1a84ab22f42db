"""From pictures and videos to the expressions of all faces in them."""
