"""Pure DLNA rules: protocolInfo, profiles, headers, ranges."""
