"""The roots: real modules through `go env GOPROXY`, kept between runs, and made-up trees of any number of modules."""

import json
import os
import pathlib
import shutil
import subprocess
import zipfile

# By the size of their zips, roughly. The toolchain is a module like any other, and the largest that every machine can get.
ZIPS = {
    "100 KB": "github.com/google/go-cmp@v0.6.0",
    "1 MB": "google.golang.org/grpc@v1.21.0",
    "10 MB": "golang.org/x/text@v0.3.3",
    "100 MB": "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64",
}

# Its build list has 331 modules.
PROJECT = "helm.sh/helm/v3@v3.22.0"


def escaped(path):
    return "".join("!" + c.lower() if c.isupper() else c for c in path)


def go_environment(cache):
    environment = dict(os.environ)
    for name in ("GOPRIVATE", "GONOPROXY", "GONOSUMDB"):
        environment.pop(name, None)
    environment |= {"GOMODCACHE": str(cache), "GOFLAGS": "-modcacherw", "GOWORK": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "on"}
    return environment


def download(modules, cache):
    """Brings modules into a module cache."""
    output = subprocess.run(
        ["go", "mod", "download", "-json", *modules],
        env=go_environment(cache), cwd="/", capture_output=True, text=True, check=False,
    )
    if output.returncode:
        raise SystemExit(f"go mod download failed:\n{output.stdout}{output.stderr}")


def project_source(place):
    """The source of the project, apart from any module cache, so that it can be built again and again."""
    source = pathlib.Path(place) / "project"
    if not source.exists():
        cache = pathlib.Path(place) / "source-cache"
        download([PROJECT], cache)
        module, version = PROJECT.split("@")
        shutil.copytree(cache / f"{escaped(module)}@{version}", source)
        shutil.rmtree(cache)
    return source


def real_modules(athens, place):
    """A root with a zip of each size and all modules of the project, complete for static servers; made once."""
    root, cache, done = (pathlib.Path(place) / name for name in ("real", "modcache", "real.done"))
    wanted = json.dumps([PROJECT, *ZIPS.values()])
    if done.exists() and done.read_text() == wanted:
        return root
    source = project_source(place)
    shutil.rmtree(root, ignore_errors=True)
    download(ZIPS.values(), cache)
    subprocess.run(["go", "mod", "download", "all"], env=go_environment(cache), cwd=source, check=True)
    root.mkdir(parents=True)
    for command in (["import", str(cache)], ["reindex"]):
        subprocess.run([athens, *command, "--root", str(root)], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(cache)
    done.write_text(wanted)
    return root


def zip_path(size):
    module, version = ZIPS[size].split("@")
    return f"/{escaped(module)}/@v/{version}.zip"


def small_paths(root):
    """Paths of the small files of a root, by kind."""
    kinds = {".info": [], ".mod": [], "@v/list": [], "@latest": []}
    for directory, _, files in os.walk(root):
        if "/." in directory[len(str(root)):]:
            continue
        relative = directory[len(str(root)):]
        for name in files:
            path = f"{relative}/{name}"
            if directory.endswith("/@v"):
                if name == "list":
                    kinds["@v/list"].append(path)
                for suffix in (".info", ".mod"):
                    # Only of versions that are whole: both servers have them.
                    if name.endswith(suffix) and os.path.exists(f"{directory}/{name.removesuffix(suffix)}.zip"):
                        kinds[suffix].append(path)
            elif name == "@latest":
                kinds["@latest"].append(path)
    return {kind: sorted(paths) for kind, paths in kinds.items()}


def made_up_path(module):
    return f"scale.example/g{module // 1000:03}/m{module % 1000:03}"


def write_version(root, path, version):
    """The files of a version that the tree has whole, the `.info` last, as whoever copies by hand should do it."""
    directory = pathlib.Path(root) / escaped(path) / "@v"
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(directory / f"{version}.zip", "w") as archive:
        archive.writestr(f"{path}@{version}/go.mod", f"module {path}\n")
    (directory / f"{version}.mod").write_text(f"module {path}\n")
    (directory / f"{version}.info").write_text(info(version))


def info(version):
    return f'{{"Version":"{version}","Time":"2026-01-02T09:00:00Z"}}'


def write_module(root, path, versions):
    for version in versions:
        write_version(root, path, version)
    directory = pathlib.Path(root) / escaped(path)
    (directory / "@v" / "list").write_text("".join(f"{version}\n" for version in versions))
    (directory / "@latest").write_text(info(versions[-1]))


def made_up(place, modules):
    """A tree of so many modules of two versions each; made once."""
    root, done = pathlib.Path(place) / f"made-up-{modules}", pathlib.Path(place) / f"made-up-{modules}.done"
    if not done.exists():
        for module in range(modules):
            write_module(root, made_up_path(module), ["v1.0.0", "v1.1.0"])
        done.touch()
    return root
