# The commands are in dev/; these are short names for them.

.PHONY: help bootstrap run test lint clean

help:
	@echo "make run     start Odoo with this addon and sample messages on http://localhost:8069"
	@echo "make test    run all tests"
	@echo "make lint    check the style of the code"
	@echo "make clean   remove everything that the above downloaded or created"

bootstrap:
	@dev/bootstrap

run:
	@dev/run

test:
	@dev/test

lint:
	@dev/lint

clean:
	@dev/clean
