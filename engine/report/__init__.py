"""Reports: a document as plain data, the sections it is made of, and what writes it as HTML, Markdown and LaTeX."""
