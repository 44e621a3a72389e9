"""Which source files a job's result depends on, found by reading imports, without importing anything.

A module is named as Python does (layerscope.scoring.kl), or by the path of a person's own file (my_score.py).
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from layerscope.errors import StudyError

PACKAGE = Path(__file__).parents[1]
# Edits to these modules rerun nothing. If one changes what a file contains, raise SCHEMA.
LEFT_OUT = {
    "layerscope.files",
    "layerscope.store",
    "layerscope.commandline",
    "layerscope.errors",
    "layerscope.version",
}
# The suffixes of files that a browser reads, or templates of such.
PAGE_FILES = (".css", ".html", ".js")


def sources(modules: Iterable[str]) -> list[str]:
    """Paths, relative to the working directory where possible, of modules and of all they import inside the package."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found or left_out(module):
            continue
        found.add(module)
        waiting.extend(_imports(module))
    return sorted(_relative(_file(module)) for module in found if _file(module).name != "__init__.py")


def name_of_source(file: str) -> str:
    """The path of a source file from the package on, wherever this lies; of a person's own file, its path as it is given."""
    resolved, package = Path(file).resolve(), PACKAGE.resolve()
    return resolved.relative_to(package.parent).as_posix() if resolved.is_relative_to(package) else file


def page_files(folder: str) -> list[str]:
    """Paths, relative to the working directory where possible, of the files in a folder of the package that a browser reads."""
    return sorted(_relative(file) for file in (PACKAGE / folder).iterdir() if file.suffix in PAGE_FILES)


def left_out(module: str) -> bool:
    """Whether a module changes no result: one of LEFT_OUT, or a part of it."""
    return any(module == other or module.startswith(f"{other}.") for other in LEFT_OUT)


def _relative(file: Path) -> str:
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def is_own(module: str) -> bool:
    """Whether a module is a user's own file rather than a part of the package."""
    return module.endswith(".py")


def _file(module: str) -> Path:
    if is_own(module):
        return Path(module)
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


def _tree(module: str) -> ast.Module:
    file = _file(module)
    try:
        # Users edit their own files while a notebook runs, so the time of the file is part of the cache key.
        return _parsed(str(file.resolve()), file.stat().st_mtime_ns if is_own(module) else 0)
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{file} cannot be read ({error})") from None
    except (SyntaxError, ValueError) as error:
        raise StudyError(f"{file} is no Python: {error}") from None


@cache
def _parsed(file: str, _: int) -> ast.Module:
    return ast.parse(Path(file).read_text(encoding="utf-8"))


def _imports(module: str) -> list[str]:
    return _imported_by(module) if not is_own(module) else _imports_of(module)


@cache
def _imported_by(module: str) -> list[str]:
    return _imports_of(module)


def beside(file: str) -> list[str]:
    """The imports of a user's own file that lie beside it or in the working directory, where edits would rerun nothing."""
    found = []
    for node in _statements(_tree(file)):
        if isinstance(node, ast.ImportFrom) and node.level:
            found.append("." * node.level + (node.module or ""))
    for name in dict.fromkeys(name.partition(".")[0] for name in _names(file)):
        places = {Path(file).parent, Path()}
        if name != PACKAGE.name and any((at / f"{name}.py").is_file() or any((at / name).glob("*.py")) for at in places):
            found.append(name)
    return found


def _names(module: str) -> list[str]:
    """The absolute names that a module imports, or imports from."""
    names = []
    for node in _statements(_tree(module)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements of a module, at any depth. Most nodes are expressions, which hold none."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(tree, part, []):
            yield node
            yield from _statements(node)


def _imports_of(module: str) -> list[str]:
    # `layerscope` itself is left out: it imports its modules lazily, and a module that imports it uses few of them.
    return [name for name in _names(module) if name.startswith("layerscope.") and _file(name).exists()]


def bound(module: str, name: str) -> list[int]:
    """The lines on which a module gives a module-level name a value, or changes it: def, import, =, +=, NAME[key] =."""
    return sorted(line for known, line in _bound(_tree(module).body) if known == name)


def _bound(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.Import() | ast.ImportFrom():
                yield from ((alias.asname or alias.name, node.lineno) for alias in node.names)
            case ast.Assign():
                yield from ((name, node.lineno) for target in node.targets for name in _targets(target))
            case ast.AugAssign():
                yield from ((name, node.lineno) for name in _targets(node.target))
            case ast.AnnAssign() if node.value is not None:
                yield from ((name, node.lineno) for name in _targets(node.target))
            case ast.If() | ast.Try() | ast.With():
                for part in ("body", "orelse", "finalbody"):
                    yield from _bound(getattr(node, part, []))
                for handler in getattr(node, "handlers", []):
                    yield from _bound(handler.body)


def _targets(target: ast.expr) -> list[str]:
    """The names that an assignment binds or changes."""
    match target:
        case ast.Name():
            return [target.id]
        case ast.Tuple() | ast.List():
            return [name for part in target.elts for name in _targets(part)]
        case ast.Subscript() | ast.Attribute() | ast.Starred():
            return _targets(target.value)
    return []


def literal(module: str, name: str):
    """The value of a module-level literal, for instance READS, read without importing the module."""
    for node in _tree(module).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            try:
                return ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                where = f"{_relative(_file(module))}, line {node.lineno}"
                raise StudyError(f"{where}: {name} is read without running the module; write it out, as a literal") from None
    raise KeyError(f"{module} declares no {name}")


def modules(package: str) -> list[str]:
    """Names of the modules of a subpackage, for instance modules("data.sources")."""
    folder = PACKAGE.joinpath(*package.split("."))
    return sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
