//! Stream, draw and annotate volumes of electron microscopy in a web page.
