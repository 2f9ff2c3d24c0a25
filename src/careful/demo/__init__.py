"""The demo: a make-believe maker with three products and fifty devices, driven from outside by real clients."""
