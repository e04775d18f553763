"""The roots: real modules through `go env GOPROXY`, kept between runs, and made-up trees of any number of modules."""

import collections
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile

import servers

# By the size of their zips, roughly. The largest that every machine can get is a Go toolchain.
ZIPS = {
    "100 KB": (100_000, "github.com/google/go-cmp@v0.6.0"),
    "1 MB": (1_000_000, "google.golang.org/grpc@v1.21.0"),
    "10 MB": (10_000_000, "golang.org/x/text@v0.3.3"),
    "100 MB": (100_000_000, "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"),
}

# Its build list has some 330 modules.
PROJECT = "helm.sh/helm/v3@v3.22.0"

# A root, the zips by size as paths in URLs, what they are, and a project whose modules are all in the root.
Modules = collections.namedtuple("Modules", "root zips titles project count")


def escaped(path):
    return "".join("!" + c.lower() if c.isupper() else c for c in path)


def zip_path(module):
    path, version = module.split("@")
    return f"/{escaped(path)}/@v/{version}.zip"


def go_environment(cache, **settings):
    environment = {key: value for key, value in os.environ.items() if key not in ("GOPRIVATE", "GONOPROXY", "GONOSUMDB")}
    return environment | {
        "GOMODCACHE": str(cache), "GOFLAGS": "-modcacherw", "GOWORK": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "on",
    } | settings


def remove(place):
    """Removes a directory, also one that lies there half."""
    shutil.rmtree(place, ignore_errors=True)


def download(modules, cache):
    """Brings modules into a module cache; says which of them it could not get."""
    output = subprocess.run(
        ["go", "mod", "download", "-json", *modules], env=go_environment(cache), cwd="/", capture_output=True, text=True, check=False
    )
    failed = [module for module in objects(output.stdout) if "Error" in module]
    for module in failed:
        print(f"{module['Path']}: {module['Error']}", file=sys.stderr)
    return [f"{module['Path']}@{module['Version']}" for module in failed] if output.stdout else list(modules)


def objects(text):
    """JSON objects, one after another, as the go command writes them."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        found, end = decoder.raw_decode(text)
        text = text[end:].strip()
        yield found


def real_modules(athens, place):
    """A root with a zip of each size and all modules of a project, complete for static servers; made once."""
    place = pathlib.Path(place)
    root, cache, project, done = (place / name for name in ("real", "modcache", "project", "real.done"))
    wanted = json.dumps([PROJECT, ZIPS])
    if not (done.exists() and json.loads(done.read_text())["wanted"] == wanted):
        print(f"downloading the modules of {PROJECT} through go env GOPROXY", file=sys.stderr, flush=True)
        for old in (root, cache, project):
            remove(old)
        absent = set(download([PROJECT, *(module for _, module in ZIPS.values())], cache))
        if PROJECT in absent:
            raise SystemExit(f"{PROJECT} can not be downloaded: see go env GOPROXY, or use --quick, which downloads nothing")
        path, version = PROJECT.split("@")
        shutil.copytree(cache / f"{escaped(path)}@{version}", project)
        subprocess.run(["go", "mod", "download", "all"], env=go_environment(cache), cwd=project, check=True)
        root.mkdir()
        run(athens, "import", cache, "--root", root)
        # What could not be had is made up, and the table says so.
        zips = {size: publish_made_up(athens, root, place, size) if module in absent else module for size, (_, module) in ZIPS.items()}
        run(athens, "reindex", "--root", root)
        remove(cache)
        # What a build of the project downloads, and that it all is in the root.
        listed = subprocess.run(
            ["go", "mod", "download", "-json"], env=go_environment(cache, GOPROXY=f"file://{root}", GOSUMDB="off"), cwd=project,
            capture_output=True, text=True, check=True,
        )
        remove(cache)
        done.write_text(json.dumps({"wanted": wanted, "zips": zips, "count": len(list(objects(listed.stdout)))}))
    made = json.loads(done.read_text())
    return modules_of(root, project, made["zips"], made["count"])


def quick_modules(athens, place):
    """The same in small, all made up: 20 modules, and zips of two sizes."""
    place = pathlib.Path(place)
    root, project, done = (place / name for name in ("quick", "quick-project", "quick.done"))
    if not done.exists():
        remove(root)
        remove(project)
        root.mkdir(parents=True)
        zips = {size: publish_made_up(athens, root, place, size) for size in ("100 KB", "1 MB")}
        for module in range(20):
            write_module(root, made_up_path(module))
        run(athens, "reindex", "--root", root)
        project.mkdir()
        lines = "".join(f"\t{made_up_path(module)} v1.0.0\n" for module in range(20))
        (project / "go.mod").write_text(f"module bench.example/project\n\ngo 1.21\n\nrequire (\n{lines})\n")
        done.write_text(json.dumps(zips))
    return modules_of(root, project, json.loads(done.read_text()), 20)


def modules_of(root, project, zips, count):
    paths = {size: zip_path(module) for size, module in zips.items()}
    titles = {}
    for size, module in zips.items():
        length = os.path.getsize(f"{root}{paths[size]}")
        megabytes = f"{length / 1e6:.1f} MB" if length >= 1e6 else f"{length / 1e3:.0f} KB"
        titles[size] = f"{megabytes} ({module.split('@')[0]}{', made up' if module.startswith('bench.example/') else ''})"
    return Modules(root, paths, titles, project, count)


def run(athens, *command):
    subprocess.run([athens, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def publish_made_up(athens, root, place, size):
    module, version = f"bench.example/zip{ZIPS[size][0]}", "v1.0.0"
    with (
        tempfile.TemporaryDirectory(dir=place) as scratch,
        servers.start_athens(athens, root, scratch, core=None) as server,
    ):
        put(server, local_token(scratch), module, version, module_zip(module, version, ZIPS[size][0]))
    return f"{module}@{version}"


def local_token(place):
    return (pathlib.Path(place) / "state" / "local-token").read_text().strip()


def put(server, token, module, version, body):
    request = urllib.request.Request(
        server.url + zip_path(f"{module}@{version}"), data=body, method="PUT", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()


def module_zip(path, version, size):
    """A module zip with so many bytes that do not compress, in files of 1 MiB at most."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{path}@{version}/go.mod", f"module {path}\n")
        for number, start in enumerate(range(0, size, 1 << 20)):
            archive.writestr(f"{path}@{version}/data{number}.bin", os.urandom(min(size - start, 1 << 20)))
    return buffer.getvalue()


def small_paths(root):
    """Paths of the small files of a root by kind, of versions that are whole: what both servers have."""
    kinds = {".info": [], ".mod": [], "@v/list": [], "@latest": []}
    for zip_file in sorted(pathlib.Path(root).glob("[!.]*/**/@v/*.zip")):
        directory = str(zip_file.parent)[len(str(root)):]
        kinds[".info"].append(f"{directory}/{zip_file.stem}.info")
        kinds[".mod"].append(f"{directory}/{zip_file.stem}.mod")
        kinds["@v/list"].append(f"{directory}/list")
        kinds["@latest"].append(f"{directory.removesuffix('/@v')}/@latest")
    return {
        kind: [path for path in dict.fromkeys(paths) if os.path.getsize(f"{root}{path}")] for kind, paths in kinds.items()
    }


def made_up_path(module):
    return f"scale.example/g{module // 1000:03}/m{module % 1000:03}"


def info(version):
    return f'{{"Version":"{version}","Time":"2026-01-02T09:00:00Z"}}'


def write_version(root, path, version):
    """The files of a version, the `.info` last, as whoever copies by hand should do it."""
    directory = f"{root}/{escaped(path)}/@v"
    os.makedirs(directory, exist_ok=True)
    with zipfile.ZipFile(f"{directory}/{version}.zip", "w") as archive:
        archive.writestr(f"{path}@{version}/go.mod", f"module {path}\n")
    write(f"{directory}/{version}.mod", f"module {path}\n")
    write(f"{directory}/{version}.info", info(version))


def write_module(root, path, version="v1.0.0"):
    """A module with one version, with all that a static server needs."""
    write_version(root, path, version)
    write(f"{root}/{escaped(path)}/@v/list", f"{version}\n")
    write(f"{root}/{escaped(path)}/@latest", info(version))


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def made_up(place, modules):
    """A tree of so many modules of one version each; made once."""
    root, done = pathlib.Path(place) / f"made-up-{modules}", pathlib.Path(place) / f"made-up-{modules}.done"
    if not done.exists():
        print(f"making a tree of {modules:,} modules", file=sys.stderr, flush=True)
        remove(root)
        for module in range(modules):
            write_module(root, made_up_path(module))
        done.touch()
    return root
