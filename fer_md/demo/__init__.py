"""A page for the browser that shows the predictions for a picture or the camera."""
