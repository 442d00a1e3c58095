"""The ground everything stands on: errors, clocks, ids, paths, logging. It knows nothing above itself."""
