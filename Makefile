# Everything real is in dev/: these are short names for it.

.PHONY: help bootstrap run test lint clean

help:
	@echo "make run     start Odoo with this addon and sample mails on http://localhost:8069"
	@echo "make test    run all tests"
	@echo "make lint    check the style of the code"
	@echo "make clean   remove everything that the above have downloaded or made"

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
