"""Do the tests bite? One small thing made wrong at a time: `make mutants MODULE=pairing`."""
