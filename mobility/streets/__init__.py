"""Streets: from OpenStreetMap to arrays per profile, searches on them, and great circles where there are none."""
