"""One media file in, MediaFacts out; runs only in a probe child."""
