"""What the labs of language share: word vectors, pretrained encoders, sentences as padded batches."""
