"""The main job, told by doing it: a seller imports products and sees their prices move."""
