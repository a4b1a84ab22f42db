"""Pictures and videos: their headers, decoding, and a stream of frames from any source."""
