"""The demo: two recorded cameras with known people, served as real RTSP streams on this machine."""
