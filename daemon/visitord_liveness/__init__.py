"""Whether a face in front of a camera is a face or a picture of one; loaded only where a camera asks for it."""
