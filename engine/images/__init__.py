"""The image lab: ResNets of depth 6n+2 with interchangeable normalisation, on folders of pictures."""
