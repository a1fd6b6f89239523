"""HTTP over a bare socket, so that an answer may also be cut, dripped, reset or never sent."""
