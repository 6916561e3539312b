"""Problems of a task: generated, from the files of benchmarks, or from the hub."""
