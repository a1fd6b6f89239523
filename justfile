# Dropship Central. `uv run just` alone shows this list.

set shell := ["bash", "-euo", "pipefail", "-c"]
export PATH := justfile_directory() / ".venv" / "bin" + ":" + env("PATH")

[private]
default:
    @just --list --unsorted

# See it work: real services, simulated suppliers; says where to look
[group('run')]
demo *options:
    dropship demo {{ options }}

# Start everything on this machine (`just up --detach --simulators`)
[group('run')]
up *options:
    dropship up {{ options }}

# Stop what `up --detach` has started
[group('run')]
down:
    dropship down

# Everything a machine can say without running the product
[group('prove')]
check:
    ruff check .
    ruff format --check .
    mypy
    lint-imports

# All tests on real NATS and PostgreSQL; at least 80 % of the branches must be run
[group('prove')]
test *options:
    coverage erase
    coverage run -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder {{ options }}
    coverage combine --quiet
    coverage report

# The rules that need no server, in seconds
[group('prove')]
test-rules *options:
    pytest tests/test_house_*.py libs/contracts libs/pricing services/*/tests/domain {{ options }}

# Seeded schedules against the shop's rules: of pure functions, then of real processes
[group('prove')]
campaign pure="10000" real="100" first="0":
    @if [ {{ pure }} -gt 0 ]; then PYTHONPATH=services/syncer/tests/stage python -m campaign --schedules {{ pure }} --first {{ first }}; fi
    @if [ {{ real }} -gt 0 ]; then PYTHONPATH=tests python -m integration.campaign --schedules {{ real }} --first {{ first }}; fi

# One pure schedule of the campaign again, step by step
[group('prove')]
campaign-replay seed:
    PYTHONPATH=services/syncer/tests/stage python -m campaign --tell {{ seed }}

# Measure: log_throughput, import_overhead, … or one of them by name
[group('prove')]
bench program="*":
    for program in $(grep -l __main__ benchmarks/{{ program }}.py); do python "$program"; done

# Write anew what follows from the messages: JSON Schemas, NATS rights for docker compose
[group('keep')]
schemas:
    python -m dropship.contracts.schemas libs/contracts/schemas
    python .ci/nats_conf.py

# Take the newest allowed versions and pin every one of them exactly
[group('keep')]
pins:
    python .ci/pins.py --release
    uv lock --upgrade
    python .ci/pins.py
    uv sync
