"""Law as data: versioned, dated files in our own words, each with its source. No law lives in code."""
