"""Speak: text becomes speech, as a stream of sound or out of the loudspeaker."""
