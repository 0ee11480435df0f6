-- The index's parts are merged in steps that the program times: never all at once, where somebody waits for it.
INSERT INTO words (words, rank) VALUES ('automerge', 0), ('crisismerge', 1000), ('usermerge', 8);
