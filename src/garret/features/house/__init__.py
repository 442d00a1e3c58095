"""The house itself as a room: status, jobs, workers, logs, audit, secrets, settings, profiles, backup."""
