"""`gradc cache`."""

from __future__ import annotations

import click

from gradc.cli.boundary import reported
from gradc.native.cache import clear as clear_cache
from gradc.native.cache import usage


@click.command("cache")
@click.option("--clear", is_flag=True, help="Remove all of it.")
def command(clear: bool) -> None:
    """Show where compiled code is kept, and how much it is.

    Whatever is removed is compiled again when it is needed.
    """
    with reported("text"):
        found = clear_cache() if clear else usage()
        if found is None:
            click.echo("there is no home directory: nothing is kept")
            return
        files = "1 file" if found.files == 1 else f"{found.files:,} files"
        size = f"{files}, {found.bytes / 2**20:.1f} MiB"
        click.echo(f"{found.path}: {size}{' removed' if clear else ''}")
