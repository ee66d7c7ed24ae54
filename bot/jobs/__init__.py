"""What Hark does by itself, each a function of the store and the time: poll, evaluate, detect, calibrate, deliver."""
