"""The roadside process: files in, one guarded control loop per intersection, a line of log per decision."""
