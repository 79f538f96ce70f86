"""Pure UPnP wire formats: bytes and text in, values out, and back."""
