"""The public site: owners and researchers, on another origin than the console, without cookies or scripts."""
