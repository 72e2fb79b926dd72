"""Networks and layers, in torch alone: they read no file, log nothing, pick no device and know no run."""
