"""From judged answers to the next model: training sets, and every way to train on them."""
