"""Pure functions of the study: frames and values in, frames and values out; files are touched by the scripts."""
