"""Pictures and videos: safe decoding, writing, and one stream of frames from any source."""
