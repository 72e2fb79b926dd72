"""The tabs of the Run screen: one module each, built when first shown."""
