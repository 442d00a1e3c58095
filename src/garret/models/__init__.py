"""Models as data: packs that are known, and the home's folder of models. Speech today; the kind is a field.

Nothing of a pack is ever imported or run. Neighbours: a room decides which model it uses; `base.paths` says
where the folder is.
"""
