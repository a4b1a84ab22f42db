"""A page in the browser that shows what a network says of a picture or of the camera."""
