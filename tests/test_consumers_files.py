"""Files that are read again when they change."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from relhub.config.watch import Watched, watch
from relhub.errors import ConfigurationError


def test_a_change_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    file = Watched(path)
    assert not file.changed()
    path.write_text("other")
    assert file.changed()
    assert not file.changed()


def test_another_file_of_the_same_name_and_size_is_a_change_also_behind_a_link(tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / name).write_text("same")
    link = tmp_path / "file"
    link.symlink_to("before")
    file = Watched(link)
    (tmp_path / "next").symlink_to("after")
    (tmp_path / "next").replace(link)  # as Kubernetes replaces a mounted ConfigMap
    assert file.changed()


def test_a_file_that_goes_and_comes_back_is_a_change_each_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    file = Watched(path)
    path.write_text("here")
    assert file.changed()
    path.unlink()
    assert file.changed()
    assert not file.changed()


@asynccontextmanager
async def watching(readers: dict[Watched, Callable[[], None]]) -> AsyncIterator[None]:
    task = asyncio.create_task(watch(readers, every=0.01))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_reader_that_fails_in_whatever_way_does_not_end_the_watch(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("refused", "bug", "good")]
    files = [Watched(path) for path in paths]
    read: list[str] = []

    def refuse() -> None:
        read.append("refused")
        raise ConfigurationError("no")

    def fail() -> None:
        read.append("bug")
        raise RuntimeError

    async with watching({files[0]: refuse, files[1]: fail, files[2]: lambda: read.append("good")}):
        for round_ in ("1", "22"):
            for path in paths:
                path.write_text(round_)
            await asyncio.sleep(0.1)
    assert sorted(read) == ["bug", "bug", "good", "good", "refused", "refused"]
