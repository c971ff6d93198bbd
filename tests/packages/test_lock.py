from __future__ import annotations

from dataclasses import replace

from belay.exceptions import FetchError, OccupiedError
from belay.packages.lock import (
    Lock,
    LockedRequirement,
    diff,
    locked_requirement,
    prune,
    reasons_against,
    tell_owners,
)
from belay.packages.model import LockedFile, LockedPackage
from belay.packages.requirement import parse_requirement


def package(
    name: str, *needs: str, version: str = "1.0", groups: tuple[str, ...] = ("main",)
) -> LockedPackage:
    file = LockedFile(f"{name}.py", 3, "0" * 64, f"https://example.com/{name}.py")
    return LockedPackage(name, version, "index+https://example.com", groups, needs, (file,))


def test_differences() -> None:
    old = Lock((package("a"), package("b"), package("c"), package("d"), package("e", version="")))
    new = Lock(
        (
            package("a"),
            package("b", version="1.1"),
            package("c", "a", groups=("dev", "main")),
            package("f"),
            replace(package("e", version=""), files=()),
        )
    )
    assert list(map(str, diff(old, new))) == [
        "b: 1.0 -> 1.1",
        "c 1.0: other groups, other dependencies",
        "d 1.0: removed",
        "e: other files",
        "f 1.0: added",
    ]
    assert diff(new, new) == ()
    one = package("a", "b")
    assert str(diff(Lock((one,)), Lock((replace(one, constraints=(("b", "mip:b<2"),)),)))[0]) == (
        "a 1.0: other versions of dependencies"
    )
    assert str(diff(Lock((one,)), Lock((replace(one, develop=True),)))[0]) == "a 1.0: developed"
    assert list(map(str, diff(None, Lock((package("a", version=""),))))) == ["a: added"]
    before, after = (Lock((package("a", version=digit * 40),)) for digit in "ab")
    assert str(diff(before, after)[0]) == "a: aaaaaaaaaa -> bbbbbbbbbb"


def test_files_of_groups() -> None:
    lock = Lock((package("a", groups=("dev", "main")), package("b")))
    assert {group: list(files) for group, files in lock.groups().items()} == {
        "dev": ["a.py"],
        "main": ["a.py", "b.py"],
    }


def test_a_preferred_file_is_that_of_all_groups() -> None:
    def of(name: str, digit: str, group: str) -> LockedPackage:
        both = (LockedFile("own.py", 1, "0" * 64, name), LockedFile("ssl.py", 1, digit * 64, name))
        return replace(package(name, groups=(group,)), files=both)

    lock = Lock((of("a", "1", "main"), of("b", "2", "dev"), of("c", "1", "test")), prefer={"ssl.py": "b"})
    files = {group: {path: file.url for path, file in each.items()} for group, each in lock.groups().items()}
    assert files == {
        "main": {"own.py": "a", "ssl.py": "b"},
        "dev": {"own.py": "b", "ssl.py": "b"},
        "test": {"own.py": "c", "ssl.py": "b"},
    }
    # Without the package that is preferred nothing is.
    gone = replace(lock, packages=lock.packages[:1])
    assert gone.groups()["main"]["ssl.py"].url == "a"


def test_what_a_lock_says_of_requirements() -> None:
    need = parse_requirement("x", ["aiohttp>=1", "github:o/r@v1"], group="dev")
    assert locked_requirement(need, ["x", "aiohttp"]) == LockedRequirement(
        "dev", "x", "mip:aiohttp>=1 + github:o/r@v1", ("aiohttp", "x")
    )
    local = parse_requirement("x", {"uri": "../x.py", "develop": True, "rename_to_init": False})
    assert locked_requirement(local).wanted == "../x.py (develop, not renamed)"


def test_whether_a_lock_is_a_project_s() -> None:
    needs = [parse_requirement("a", "*"), parse_requirement("b", "^1", group="dev")]
    lock = Lock(requirements=tuple(map(locked_requirement, needs)), indices=("https://example.com",))

    def reasons(*needs: object, mpy_version: str = "py", index: str = "https://example.com") -> list[str]:
        return reasons_against(lock, needs, mpy_version=mpy_version, indices=[index])  # type: ignore[arg-type]

    assert reasons(*needs) == []
    # Written otherwise, but the same.
    assert reasons(parse_requirement("a", "mip:a"), needs[1]) == []
    assert reasons(needs[0], parse_requirement("b", "^2", group="dev"), parse_requirement("c", "*")) == [
        "c (main) is not locked",
        "b (dev) was locked as mip:b^1, and is mip:b^2 now",
    ]
    assert reasons(needs[0], mpy_version="6", index="https://other.example") == [
        "b (dev) is no longer wanted",
        "mpy_version was py, and is 6 now",
        "package_indices have changed",
    ]


def test_a_lock_is_for_an_architecture_and_for_preferences() -> None:
    lock = Lock(arch="armv6m", prefer={"a.py": "a", "b.py": "b"})

    def reasons(arch: str, **prefer: str) -> list[str]:
        paths = {f"{name}.py": package for name, package in prefer.items()}
        return reasons_against(lock, [], mpy_version="py", indices=[], arch=arch, prefer=paths)

    assert reasons("armv6m", b="b", a="a") == []
    assert reasons("", a="b", c="c") == [
        "arch was armv6m, and is none now",
        "prefer for a.py was a, and is b now",
        "prefer for b.py was b, and is nobody now",
        "prefer for c.py was nobody, and is c now",
    ]


def test_what_nobody_wants_any_more_goes() -> None:
    lock = Lock(
        (
            package("a", "b", groups=("dev", "main")),
            package("b", "a", groups=("dev", "main")),
            package("c", "b"),
            package("d", groups=("dev",)),
        ),
        (
            LockedRequirement("dev", "a", "mip:a", ("a",)),
            LockedRequirement("dev", "d", "mip:d", ("d",)),
            LockedRequirement("main", "c", "mip:c", ("c",)),
        ),
    )
    assert prune(lock, [("dev", "a"), ("dev", "d"), ("main", "c")]) == lock
    left = prune(lock, [("dev", "a")])
    assert [(package.name, package.groups) for package in left.packages] == [("a", ("dev",)), ("b", ("dev",))]
    assert left.requirements == lock.requirements[:1]
    assert prune(lock, []) == Lock()


def test_whose_file_it_is() -> None:
    file = LockedFile("b/x.py", 1, "0" * 64, "https://h.test/x")
    packages = [replace(package(name), files=(file,)) for name in ("b", "c")]
    missing = FetchError("https://h.test/x", "not-found", "is not there")
    tell_owners(missing, packages)
    assert missing.message == "https://h.test/x: is not there\n  it is a file of b and c"
    occupied = OccupiedError("lib/main/b/x.py", "is taken")
    tell_owners(occupied, packages[:1])
    assert occupied.message == "lib/main/b/x.py: is taken\n  it is the place of a file of b"
    other = FetchError("https://h.test/y", "not-found", "is not there")
    tell_owners(other, packages)
    assert other.message == "https://h.test/y: is not there"
