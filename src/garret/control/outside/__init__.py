"""Outside programs: other people's programs under the same supervision."""
