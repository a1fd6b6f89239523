"""The whole product on one machine: its folder, its secrets, its programs, and who may say what."""
